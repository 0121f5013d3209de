"""What production would get, inspected: encryption, retention, failure queues, tracing and alarms as applied."""

import json
from typing import Any

import pytest

from tests.support.applied import ACCOUNTS, Applied

# Changes that a second plan shows only because of the engine; each entry says what the engine does not keep.
ENGINE_DRIFT: dict[str, str] = {}


@pytest.fixture(params=ACCOUNTS)
def environment(request: pytest.FixtureRequest, applied: dict[str, Applied]) -> Applied:
    return applied[request.param]


def values(environment: Applied, *types: str) -> dict[str, dict[str, Any]]:
    found = {resource["address"]: resource["values"] for resource in environment.resources(*types)}
    assert found, f"{environment.deployment.environment} has no {types}"
    return found


def test_a_second_plan_changes_nothing(environment: Applied) -> None:
    changes = {
        change["address"]: change["change"]["actions"]
        for change in environment.second_plan.get("resource_changes", [])
        if change["change"]["actions"] not in (["no-op"], ["read"])
    }
    assert not {address: actions for address, actions in changes.items() if address not in ENGINE_DRIFT}


def test_it_was_applied_to_the_account_it_names(environment: Applied) -> None:
    name = environment.deployment.environment
    assert environment.deployment.outputs["foundation"]["account_id"] == ACCOUNTS[name]


def test_log_groups_are_encrypted_and_forget(environment: Applied) -> None:
    for address, group in values(environment, "aws_cloudwatch_log_group").items():
        assert group["kms_key_id"], address
        assert group["retention_in_days"] > 0, address


def test_queues_are_encrypted_and_failure_queues_keep_fourteen_days(environment: Applied) -> None:
    for address, queue in values(environment, "aws_sqs_queue").items():
        assert queue["kms_master_key_id"] or queue["sqs_managed_sse_enabled"], address
        if address.endswith((".failures", ".undelivered")):
            assert queue["message_retention_seconds"] == 14 * 24 * 3600, address


def test_functions_are_traced_log_json_and_use_the_customer_key(environment: Applied) -> None:
    for address, function in values(environment, "aws_lambda_function").items():
        assert function["tracing_config"][0]["mode"] == "Active", address
        assert function["logging_config"][0]["log_format"] == "JSON", address
        assert function["kms_key_arn"], address
        assert function["runtime"] == "python3.13", address


def test_every_function_has_a_live_alias_with_a_failure_destination(environment: Applied) -> None:
    functions = {function["function_name"] for function in values(environment, "aws_lambda_function").values()}
    aliases = values(environment, "aws_lambda_alias").values()
    assert {(name, "live") for name in functions} == {
        (alias["function_name"].rsplit(":")[-1], alias["name"]) for alias in aliases
    }
    configured = values(environment, "aws_lambda_function_event_invoke_config").values()
    assert functions == {config["function_name"].rsplit(":")[-1] for config in configured}
    for config in configured:
        assert config["qualifier"] == "live"
        assert config["destination_config"][0]["on_failure"][0]["destination"].startswith("arn:aws:sqs:")


def test_every_event_source_feeds_an_alias_and_hears_of_each_failure(environment: Applied) -> None:
    for address, mapping in values(environment, "aws_lambda_event_source_mapping").items():
        assert mapping["function_name"].endswith(":live"), address
        assert mapping["function_response_types"] == ["ReportBatchItemFailures"], address
        if ":dynamodb:" in mapping["event_source_arn"]:
            assert mapping["bisect_batch_on_function_error"], address
            assert mapping["maximum_retry_attempts"] >= 0, address
            assert mapping["maximum_record_age_in_seconds"] > 0, address
            assert mapping["destination_config"][0]["on_failure"][0]["destination_arn"].startswith("arn:aws:sqs:"), (
                address
            )
        else:
            assert 2 <= mapping["scaling_config"][0]["maximum_concurrency"] <= 1000, address


def test_what_a_queue_gives_up_goes_to_a_queue_for_it_alone(environment: Applied) -> None:
    queues = {queue["arn"]: queue for queue in values(environment, "aws_sqs_queue").values()}
    giving_up = {arn: json.loads(queue["redrive_policy"]) for arn, queue in queues.items() if queue["redrive_policy"]}
    assert giving_up
    for arn, policy in giving_up.items():
        assert policy["maxReceiveCount"] >= 3, arn
        allowed = json.loads(queues[policy["deadLetterTargetArn"]]["redrive_allow_policy"])
        assert allowed == {"redrivePermission": "byQueue", "sourceQueueArns": [arn]}


def test_machines_are_traced_and_log_everything(environment: Applied) -> None:
    for address, machine in values(environment, "aws_sfn_state_machine").items():
        assert machine["tracing_configuration"][0]["enabled"], address
        logging = machine["logging_configuration"][0]
        assert (logging["level"], logging["include_execution_data"]) == ("ALL", True), address
    for address, group in values(environment, "aws_cloudwatch_log_group").items():
        if "state_machine" in address:
            assert group["name"].startswith("/aws/vendedlogs/states/"), address


def test_apis_are_traced_logged_throttled_and_watched(environment: Applied) -> None:
    groups = {group["arn"] for group in values(environment, "aws_cloudwatch_log_group").values()}
    for address, stage in values(environment, "aws_api_gateway_stage").items():
        assert stage["xray_tracing_enabled"], address
        assert stage["access_log_settings"][0]["destination_arn"].removesuffix(":*") in groups, address
    for address, method in values(environment, "aws_api_gateway_method_settings").items():
        assert method["settings"][0]["metrics_enabled"], address
        assert method["settings"][0]["throttling_rate_limit"] > 0, address
    watched = [
        dimensions["ApiName"]
        for alarm in values(environment, "aws_cloudwatch_metric_alarm").values()
        for dimensions in [alarm["dimensions"], *(query["metric"][0]["dimensions"] for query in metrics(alarm))]
        if "ApiName" in (dimensions or {})
    ]
    apis = {api["name"] for api in values(environment, "aws_api_gateway_rest_api").values()}
    assert {api: watched.count(api) for api in apis} == dict.fromkeys(apis, 3)  # latency, failed calls, all calls


def metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    return [query for query in alarm["metric_query"] if query["metric"]]


def test_hosts_are_private_encrypted_and_ask_for_tokens(environment: Applied) -> None:
    for address, template in values(environment, "aws_launch_template").items():
        assert template["metadata_options"][0]["http_tokens"] == "required", address
        assert template["network_interfaces"][0]["associate_public_ip_address"] == "false", address
        assert template["block_device_mappings"][0]["ebs"][0]["encrypted"] == "true", address


def test_nothing_but_https_leaves_a_host(environment: Applied) -> None:
    for address, group in values(environment, "aws_security_group").items():
        assert not group["ingress"], address
        [rule] = refreshed(environment, address)["egress"]
        assert (rule["protocol"], rule["from_port"], rule["to_port"]) == ("tcp", 443, 443), address


def refreshed(environment: Applied, address: str) -> dict[str, Any]:
    """Return a resource's values as the second plan found them: rules that are resources of their own came after it."""
    found = environment.second_plan["resource_changes"]
    before: dict[str, Any] = next(change["change"]["before"] for change in found if change["address"] == address)
    return before


def test_secrets_are_rotated_under_the_customer_key_and_no_state_holds_them(environment: Applied) -> None:
    secrets = values(environment, "aws_secretsmanager_secret")
    rotated = {each["secret_id"] for each in values(environment, "aws_secretsmanager_secret_rotation").values()}
    assert rotated == {secret["id"] for secret in secrets.values()}
    assert all(secret["kms_key_id"] for secret in secrets.values())
    assert not environment.resources("aws_secretsmanager_secret_version")


def test_tables_are_encrypted_with_the_customer_key_and_recoverable(environment: Applied) -> None:
    for address, table in values(environment, "aws_dynamodb_table").items():
        assert table["server_side_encryption"][0]["kms_key_arn"], address
        assert table["point_in_time_recovery"][0]["enabled"], address


def test_buckets_are_versioned_private_and_expire(environment: Applied) -> None:
    buckets = {bucket["bucket"] for bucket in values(environment, "aws_s3_bucket").values()}
    for kind in (
        "aws_s3_bucket_versioning",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_lifecycle_configuration",
    ):
        assert buckets == {resource["bucket"] for resource in values(environment, kind).values()}, kind
    for address, block in values(environment, "aws_s3_bucket_public_access_block").items():
        assert all(value for name, value in block.items() if name.startswith(("block_", "ignore_", "restrict_"))), (
            address
        )


def test_topics_are_encrypted(environment: Applied) -> None:
    for address, topic in values(environment, "aws_sns_topic").items():
        assert topic["kms_master_key_id"], address


def test_every_alarm_tells_somebody_what_to_do_and_says_when_it_is_over(environment: Applied) -> None:
    for address, alarm in values(environment, "aws_cloudwatch_metric_alarm").items():
        assert len(alarm["alarm_description"] or "") > 40, address
        assert alarm["alarm_actions"], address
        assert alarm["ok_actions"], address
        assert alarm["treat_missing_data"] != "missing", address


def test_every_function_and_machine_has_its_alarms(environment: Applied) -> None:
    watched = {
        (alarm["metric_name"], value)
        for alarm in values(environment, "aws_cloudwatch_metric_alarm").values()
        for value in (alarm["dimensions"] or {}).values()
    }
    for function in values(environment, "aws_lambda_function").values():
        for metric in ("Errors", "Throttles", "Duration"):
            assert (metric, function["function_name"]) in watched
    for machine in values(environment, "aws_sfn_state_machine").values():
        for metric in ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted", "ExecutionThrottled"):
            assert (metric, machine["arn"]) in watched
