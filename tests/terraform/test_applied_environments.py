"""What production would get, inspected: encryption, retention, failure queues, tracing and alarms as applied."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from gitops_pipeline.domain.rules import Rules as PipelineRules
from idle_resources.domain.rules import Rules as IdleRules
from notifications.domain.settings import Rules as NotificationRules
from scripts.asl.model import definitions
from scripts.check_plan.rules import problems
from scripts.deployment import ROOT
from snapshot_backup.domain.rules import Rules as BackupRules
from tests.support.applied import ACCOUNTS, APPLIED, PLANNED, Applied
from volume_cleanup.domain.rules import Rules as CleanupRules

# Changes that a second plan shows only because of the engine; each entry says what the engine does not keep.
ENGINE_DRIFT: dict[str, str] = {}
# What an environment may do without, each with the reason.
CHOSEN = {
    ".module.monitoring.module.dashboard.aws_cloudwatch_dashboard.this": "a workflow's dashboard costs by the piece"
}
# How the names of secrets end that no program can issue, and of parameters that not everybody may know (ADR 19).
REPLACED_BY_PEOPLE = ("/notifications-webhooks",)
SENSITIVE = ("/approval_workflow/policy",)


@pytest.fixture(params=APPLIED)
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


def test_plans_break_nothing(environment: Applied) -> None:
    machines = definitions(ROOT / "statemachines")
    assert problems(environment.plan, machines) == [], "where much is known only after the apply"
    assert problems(environment.second_plan, machines) == [], "where all is known"


@pytest.mark.parametrize("name", PLANNED)
def test_other_plans_break_nothing(name: str, planned: dict[str, dict[str, Any]]) -> None:
    assert problems(planned[name], definitions(ROOT / "statemachines")) == []


def test_it_was_applied_to_the_account_it_names(environment: Applied) -> None:
    name = environment.deployment.environment
    assert environment.deployment.outputs["foundation"]["account_id"] == ACCOUNTS[name]


@pytest.mark.parametrize("name", PLANNED)
def test_another_environment_would_get_what_production_has(
    name: str, planned: dict[str, dict[str, Any]], applied: dict[str, Applied]
) -> None:
    # Which of them there are is a value: subscribers, contracts and the like.
    def kinds(plan: dict[str, Any]) -> set[str]:
        made = [change for change in plan["resource_changes"] if change["change"]["actions"] == ["create"]]
        found = {re.sub(r"\[.*?\]", "", change["address"]) for change in made}
        return {address for address in found if not address.endswith(tuple(CHOSEN))}

    assert kinds(planned[name]) == kinds(applied["prod"].plan)


@pytest.mark.parametrize("name", PLANNED)
def test_operations_are_dry_runs_in_other_environments_too(name: str, planned: dict[str, dict[str, Any]]) -> None:
    changes = {change["address"]: change["change"]["after"] for change in planned[name]["resource_changes"]}
    for workflow in ("idle_resources", "snapshot_backup", "volume_cleanup"):
        settings = json.loads(changes[f"module.{workflow}.module.store.aws_ssm_parameter.settings"]["value"])
        assert settings["dry_run"] is True, workflow


def test_log_groups_forget(environment: Applied) -> None:
    for address, group in values(environment, "aws_cloudwatch_log_group").items():
        assert group["retention_in_days"] > 0, address


def test_failure_queues_keep_fourteen_days(environment: Applied) -> None:
    for address, queue in values(environment, "aws_sqs_queue").items():
        if address.endswith((".failures", ".undelivered")):
            assert queue["message_retention_seconds"] == 14 * 24 * 3600, address


def test_functions_are_traced_and_log_json(environment: Applied) -> None:
    for address, function in values(environment, "aws_lambda_function").items():
        assert function["tracing_config"][0]["mode"] == "Active", address
        assert function["logging_config"][0]["log_format"] == "JSON", address
        assert function["runtime"] == "python3.13", address


def test_functions_run_in_the_network_that_the_foundation_names_if_any(environment: Applied) -> None:
    network = environment.deployment.outputs["foundation"]["network"] or {"subnet_ids": []}
    for address, function in values(environment, "aws_lambda_function").items():
        placed = {subnet for place in function["vpc_config"] for subnet in place["subnet_ids"]}
        assert placed == set(network["subnet_ids"]), address


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


def test_schedules_keep_what_they_could_not_start(environment: Applied) -> None:
    queues = {queue["arn"] for queue in values(environment, "aws_sqs_queue").values()}
    watched = {
        alarm["dimensions"]["ScheduleGroup"]
        for alarm in values(environment, "aws_cloudwatch_metric_alarm").values()
        if "ScheduleGroup" in (alarm["dimensions"] or {})
    }
    schedules = values(environment, "aws_scheduler_schedule")
    assert watched == {schedule["group_name"] for schedule in schedules.values()}
    for address, schedule in schedules.items():
        [target] = schedule["target"]
        assert target["arn"].endswith(":live"), address
        assert target["dead_letter_config"][0]["arn"] in queues, address
        assert target["retry_policy"][0]["maximum_retry_attempts"] > 0, address


def test_builds_are_private_bounded_in_time_and_log_to_a_group_of_their_own(environment: Applied) -> None:
    groups = {group["name"] for group in values(environment, "aws_cloudwatch_log_group").values()}
    for address, project in values(environment, "aws_codebuild_project").items():
        assert not project["environment"][0]["privileged_mode"], address
        assert project["project_visibility"] == "PRIVATE", address
        assert project["logs_config"][0]["cloudwatch_logs"][0]["group_name"] in groups, address
        assert project["build_timeout"] <= 60, address


def test_the_pipeline_understands_its_settings_and_asks_two_people_where_production_is(environment: Applied) -> None:
    name = environment.deployment.outputs["gitops_pipeline"]["settings_parameter"]
    parameters = values(environment, "aws_ssm_parameter").values()
    [settings] = [json.loads(found["value"]) for found in parameters if found["name"] == name]
    [branch] = PipelineRules.from_document(settings).branches.values()
    assert branch.environment == environment.deployment.environment
    assert (branch.protected, branch.needed) == ((True, 2) if branch.environment == "prod" else (False, 1))


@pytest.mark.parametrize(
    ("workflow", "read"),
    [
        ("idle_resources", IdleRules.from_document),
        ("snapshot_backup", BackupRules.from_document),
        ("volume_cleanup", CleanupRules.from_document),
    ],
)
def test_operations_understand_their_settings_and_are_dry_runs_where_they_are_deployed(
    environment: Applied, workflow: str, read: Callable[[dict[str, Any]], object]
) -> None:
    name = environment.deployment.outputs[workflow]["settings_parameter"]
    parameters = values(environment, "aws_ssm_parameter").values()
    [settings] = [json.loads(found["value"]) for found in parameters if found["name"] == name]
    assert read(settings)
    assert settings["dry_run"] is (environment.deployment.environment != "local")


def test_notifications_understand_their_settings_and_post_to_this_machine_in_the_local_environment_only(
    environment: Applied,
) -> None:
    outputs = environment.deployment.outputs["notifications"]
    parameters = values(environment, "aws_ssm_parameter").values()
    [settings] = [json.loads(each["value"]) for each in parameters if each["name"] == outputs["settings_parameter"]]
    assert NotificationRules.from_document(settings).channels
    functions = values(environment, "aws_lambda_function").values()
    [variables] = [
        each["environment"][0]["variables"]
        for each in functions
        if each["function_name"] == outputs["function_names"]["send_notifications"]
    ]
    assert variables["ALLOW_LOOPBACK"] == str(environment.deployment.environment == "local").lower()


def test_what_topics_say_is_delivered_or_kept(environment: Applied) -> None:
    queues = {queue["arn"]: json.loads(queue["policy"]) for queue in values(environment, "aws_sqs_queue").values()}
    for address, subscription in values(environment, "aws_sns_topic_subscription").items():
        if subscription["protocol"] == "sqs":
            kept = json.loads(subscription["redrive_policy"])["deadLetterTargetArn"]
            for queue in (subscription["endpoint"], kept):
                assert subscription["topic_arn"] in json.dumps(queues[queue]), address


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


def test_secrets_are_rotated_and_no_state_holds_them(environment: Applied) -> None:
    secrets = values(environment, "aws_secretsmanager_secret")
    rotated = {each["secret_id"] for each in values(environment, "aws_secretsmanager_secret_rotation").values()}
    by_people = {secret["id"] for secret in secrets.values() if secret["name"].endswith(REPLACED_BY_PEOPLE)}
    assert rotated | by_people == {secret["id"] for secret in secrets.values()}
    assert not environment.resources("aws_secretsmanager_secret_version")


def test_the_age_of_every_secret_is_watched(environment: Applied) -> None:
    names = {secret["name"] for secret in values(environment, "aws_secretsmanager_secret").values()}
    alarms = values(environment, "aws_cloudwatch_metric_alarm").values()
    watched = {alarm["dimensions"]["secret"]: alarm for alarm in alarms if alarm["metric_name"] == "SecretAgeDays"}
    assert watched.keys() == names
    assert all(alarm["treat_missing_data"] == "breaching" for alarm in watched.values())
    measured = {
        json.loads(schedule["target"][0]["input"])["SecretId"]
        for schedule in values(environment, "aws_scheduler_schedule").values()
        if "measureAge" in schedule["target"][0]["input"]
    }
    assert measured == {secret["id"] for secret in values(environment, "aws_secretsmanager_secret").values()}


def test_what_is_sensitive_in_parameters_is_kept_under_the_customer_key(environment: Applied) -> None:
    parameters = values(environment, "aws_ssm_parameter").values()
    for parameter in parameters:
        sensitive = parameter["name"].endswith(SENSITIVE)
        assert parameter["type"] == ("SecureString" if sensitive else "String"), parameter["name"]
        assert not sensitive or parameter["key_id"] == environment.deployment.outputs["foundation"]["kms_key_arn"]
    assert any(parameter["type"] == "SecureString" for parameter in parameters)


def test_a_change_of_configuration_takes_effect_within_a_minute(environment: Applied) -> None:
    for address, function in values(environment, "aws_lambda_function").items():
        assert int(function["environment"][0]["variables"]["CONFIGURATION_SECONDS"]) <= 60, address


def test_tables_are_recoverable(environment: Applied) -> None:
    for address, table in values(environment, "aws_dynamodb_table").items():
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


def test_every_alarm_tells_somebody_what_to_do_and_says_when_it_is_over(environment: Applied) -> None:
    for address, alarm in values(environment, "aws_cloudwatch_metric_alarm").items():
        assert len(alarm["alarm_description"] or "") > 40, address
        assert alarm["alarm_actions"], address
        assert alarm["ok_actions"], address
        assert alarm["treat_missing_data"] != "missing", address


def test_every_alarm_is_below_one_light_which_tells_nobody_once_more(environment: Applied) -> None:
    lights = values(environment, "aws_cloudwatch_composite_alarm").values()
    below = [name for light in lights for name in re.findall(r'ALARM\("(.+?)"\)', light["alarm_rule"])]
    assert sorted(below) == sorted(
        alarm["alarm_name"] for alarm in values(environment, "aws_cloudwatch_metric_alarm").values()
    )
    assert not [light for light in lights if light["alarm_actions"] or light["ok_actions"]]
    assert all(len(light["alarm_description"]) > 40 for light in lights)


def test_executions_that_end_badly_are_kept(environment: Applied) -> None:
    kept = [
        json.loads(rule["event_pattern"])["detail"]
        for address, rule in values(environment, "aws_cloudwatch_event_rule").items()
        if ".module.capture" in address
    ]
    assert all(detail["status"] == ["ABORTED", "FAILED", "TIMED_OUT"] for detail in kept)
    machines = {machine["arn"] for machine in values(environment, "aws_sfn_state_machine").values()}
    assert {arn for detail in kept for arn in detail["stateMachineArn"]} == machines


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
