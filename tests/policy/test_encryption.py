"""Encryption at rest and in transit of all that applied environments keep; a new kind of resource fails here first."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from scripts.deployment import ROOT
from tests.support.applied import APPLIED, Applied
from tests.support.documents import IDENTITY, RESOURCE, TRUST, statements

type Values = dict[str, Any]

# Whatever keeps data, and by which keys it says that it does; a getter without a key to name fails.
STORES: dict[str, Callable[[Values], list[str | None]]] = {
    "aws_cloudwatch_log_group": lambda group: [group["kms_key_id"]],
    "aws_codebuild_project": lambda project: [project["encryption_key"]],
    "aws_codecommit_repository": lambda repository: [repository["kms_key_id"]],
    "aws_dynamodb_table": lambda table: [each["kms_key_arn"] for each in table["server_side_encryption"]] or [None],
    "aws_lambda_function": lambda function: [function["kms_key_arn"]],
    "aws_launch_template": lambda template: [
        key for disk in template["block_device_mappings"] for key in disk_keys(disk)
    ],
    "aws_s3_bucket_server_side_encryption_configuration": lambda bucket: [
        each["kms_master_key_id"] or None
        for rule in bucket["rule"]
        for each in rule["apply_server_side_encryption_by_default"]
    ],
    "aws_s3_object": lambda item: [item["kms_key_id"]],
    "aws_secretsmanager_secret": lambda secret: [secret["kms_key_id"]],
    "aws_sfn_state_machine": lambda machine: (
        [each["kms_key_id"] for each in machine["encryption_configuration"]] or [None]
    ),
    "aws_sns_topic": lambda topic: [topic["kms_master_key_id"]],
    "aws_sqs_queue": lambda queue: [queue["kms_master_key_id"]],
    # What is no SecureString is no secret: everybody may know how the workflows are set.
    "aws_ssm_parameter": lambda parameter: [parameter["key_id"]] if parameter["type"] == "SecureString" else [],
}
# What keeps data and has its encryption as a resource of its own.
IN_PARTS = {"aws_s3_bucket": "aws_s3_bucket_server_side_encryption_configuration"}
# Stores without the customer's key, by how their addresses end, each with the reason.
WITHOUT_THE_KEY = {
    "_encryption_configuration.access_logs": "S3 delivers access logs to buckets under its own key only",
}
# What holds nothing but what Terraform wrote there, which is in the repository.
CONFIGURATION = {
    "aws_api_gateway_account",
    "aws_api_gateway_deployment",
    "aws_api_gateway_method_settings",
    "aws_api_gateway_rest_api",
    "aws_api_gateway_stage",
    "aws_cloudwatch_composite_alarm",
    "aws_cloudwatch_dashboard",
    "aws_cloudwatch_event_rule",
    "aws_cloudwatch_event_target",
    "aws_cloudwatch_metric_alarm",
    "aws_cloudwatch_query_definition",
    "aws_codebuild_webhook",
    "aws_default_security_group",
    "aws_flow_log",
    "aws_iam_instance_profile",
    "aws_iam_openid_connect_provider",
    "aws_iam_policy",
    "aws_iam_role",
    "aws_iam_role_policy",
    "aws_iam_role_policy_attachment",
    "aws_kms_alias",
    "aws_kms_key",
    "aws_lambda_alias",
    "aws_lambda_event_source_mapping",
    "aws_lambda_function_event_invoke_config",
    "aws_lambda_invocation",
    "aws_lambda_layer_version",
    "aws_lambda_permission",
    "aws_lambda_provisioned_concurrency_config",
    "aws_route_table",
    "aws_route_table_association",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_logging",
    "aws_s3_bucket_notification",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_versioning",
    "aws_scheduler_schedule",
    "aws_scheduler_schedule_group",
    "aws_secretsmanager_secret_rotation",
    "aws_security_group",
    "aws_sfn_alias",
    "aws_sns_topic_policy",
    "aws_sns_topic_subscription",
    "aws_subnet",
    "aws_vpc",
    "aws_vpc_endpoint",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
    "aws_xray_group",
}
# Stores that answer plain HTTP unless a policy forbids it: where it is, by what it belongs to a store, what it forbids.
# All others answer TLS only: https://docs.aws.amazon.com/general/latest/gr/rande.html
ANSWER_PLAIN_HTTP = {
    "aws_s3_bucket": ("aws_s3_bucket_policy", "bucket", "s3:*"),
    "aws_sns_topic": ("aws_sns_topic_policy", "arn", "sns:Publish"),
    "aws_sqs_queue": ("aws_sqs_queue", "arn", "sqs:*"),
}
# Provider's copies of policies that are resources of their own.
COPIES = {"aws_s3_bucket", "aws_sns_topic"}


@pytest.fixture(params=APPLIED)
def environment(request: pytest.FixtureRequest, applied: dict[str, Applied]) -> Applied:
    return applied[request.param]


def disk_keys(disk: Values) -> list[str | None]:
    return [each["kms_key_id"] if each["encrypted"] == "true" else None for each in disk["ebs"]]


def test_of_every_kind_of_resource_it_is_known_what_it_keeps() -> None:
    written = {
        kind
        for path in (ROOT / "modules").rglob("*.tf")
        for kind in re.findall(r'^resource "(\w+)"', path.read_text(), re.MULTILINE)
    }
    assert written == STORES.keys() | IN_PARTS.keys() | CONFIGURATION


def test_every_store_is_under_a_key_of_the_customer(environment: Applied) -> None:
    keys = {key["values"]["arn"] for key in environment.resources("aws_kms_key")}
    bare = {
        store["address"]
        for store in environment.resources(*STORES)
        if not set(STORES[store["type"]](store["values"])) <= keys
    }
    assert not {address for address in bare if not address.endswith(tuple(WITHOUT_THE_KEY))}
    assert all(any(address.endswith(end) for address in bare) for end in WITHOUT_THE_KEY), "each exemption is needed"


@pytest.mark.parametrize(("store", "encryption"), IN_PARTS.items())
def test_no_store_lacks_its_encryption(environment: Applied, store: str, encryption: str) -> None:
    stores = {found["values"]["bucket"] for found in environment.resources(store)}
    assert stores == {found["values"]["bucket"] for found in environment.resources(encryption)}


@pytest.mark.parametrize(("store", "where"), ANSWER_PLAIN_HTTP.items())
def test_every_store_refuses_plain_http(environment: Applied, store: str, where: tuple[str, str, str]) -> None:
    policy, link, actions = where
    refusing = {
        statement.address
        for statement in statements(environment, {policy: "policy"})
        if statement.body["Effect"] == "Deny"
        and statement.principals == ["*"]
        and statement.actions == [actions]
        and statement.body["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }
    guarded = {found["values"][link] for found in environment.resources(policy) if found["address"] in refusing}
    stores = {found["values"][link] for found in environment.resources(store)}
    assert stores
    assert stores == guarded


def test_no_key_names_everybody(environment: Applied) -> None:
    policies = list(statements(environment, {"aws_kms_key": "policy"}))
    assert {found.address for found in policies} == {key["address"] for key in environment.resources("aws_kms_key")}
    assert not [str(found) for found in policies if any("*" in name for name in found.principals + found.services)]


def test_keys_of_data_are_replaced_every_year(environment: Applied) -> None:
    keys = [key["values"] for key in environment.resources("aws_kms_key")]
    assert all(key["enable_key_rotation"] for key in keys if key["key_usage"] == "ENCRYPT_DECRYPT")


def test_every_policy_is_one_that_the_rules_are_asserted_on(environment: Applied) -> None:
    known = IDENTITY | TRUST | RESOURCE
    missed = {
        f"{found['type']}.{attribute}"
        for found in environment.resources()
        for attribute in documents(found["values"])
        if known.get(found["type"]) != attribute and found["type"] not in COPIES
    }
    assert not missed, "name it in tests/support/documents.py"


def documents(values: Values) -> Iterator[str]:
    """Yield the names of the attributes that are IAM documents."""
    for name, value in values.items():
        if isinstance(value, str) and '"Statement"' in value and isinstance(json.loads(value), dict):
            yield name
