"""What a plan would break, on small plans; a sound one gives no finding."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from scripts.asl.model import Machine
from scripts.check_plan import __main__ as command
from scripts.check_plan.plan import Plan
from scripts.check_plan.rules import past_alias, problems
from scripts.doctor.findings import Confidence, Finding

SCOPE = "us-east-1:123456789012"
FUNCTION = f"arn:aws:lambda:{SCOPE}:function:flows-load"
MACHINE = f"arn:aws:states:{SCOPE}:stateMachine:flows-etl"
QUEUE = f"arn:aws:sqs:{SCOPE}:flows-work"

type Json = dict[str, Any]


def resource(address: str, **values: Any) -> Json:
    kind, name = address.split(".")
    return {"address": address, "type": kind, "name": name, "mode": "managed", "values": values}


def definition(**task: Any) -> str:
    load = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": f"{FUNCTION}:live"},
        "Retry": [{"ErrorEquals": ["Lambda.TooManyRequestsException"], "MaxAttempts": 3}],
        "End": True,
    }
    return json.dumps({"StartAt": "Load", "States": {"Load": {**load, **task}}})


def policy(action: str = "lambda:InvokeFunction", on: str = f"{FUNCTION}:live") -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Action": action, "Resource": on}]})


SOUND = [
    resource("aws_lambda_function.load", function_name="flows-load", arn=FUNCTION, timeout=20),
    resource(
        "aws_sqs_queue.work", name="flows-work", arn=QUEUE, visibility_timeout_seconds=120, redrive_policy='{"a": 1}'
    ),
    resource("aws_lambda_event_source_mapping.work", event_source_arn=QUEUE, function_name=f"{FUNCTION}:live"),
    resource(
        "aws_lambda_event_source_mapping.stream",
        event_source_arn=f"arn:aws:dynamodb:{SCOPE}:table/t/stream/1",
        function_name=f"{FUNCTION}:live",
        starting_position="LATEST",
        maximum_retry_attempts=3,
        destination_config=[{"on_failure": [{}]}],
    ),
    resource(
        "aws_cloudwatch_event_target.start",
        arn=f"{MACHINE}:live",
        role_arn="arn:aws:iam::123456789012:role/start",
        dead_letter_config=[{"arn": QUEUE}],
    ),
    resource("aws_cloudwatch_event_target.invoke", arn=f"{FUNCTION}:live", dead_letter_config=[{"arn": QUEUE}]),
    resource(
        "aws_lambda_permission.events",
        principal="events.amazonaws.com",
        function_name="flows-load",
        qualifier="live",
    ),
    resource("aws_lambda_permission.s3", principal="s3.amazonaws.com", function_name="flows-load", qualifier="live"),
    resource("aws_s3_bucket_notification.lake", lambda_function=[{"lambda_function_arn": f"{FUNCTION}:live"}]),
    resource(
        "aws_lambda_permission.api", principal="apigateway.amazonaws.com", function_name="flows-load", qualifier="live"
    ),
    resource(
        "aws_api_gateway_rest_api.shop", body=f'{{"uri": "arn:aws:apigateway::functions/{FUNCTION}:live/invocations"}}'
    ),
    resource("aws_iam_role.etl", name="flows-etl", arn="arn:aws:iam::123456789012:role/flows-etl"),
    resource("aws_iam_role_policy.etl", role="flows-etl", policy=policy()),
    resource(
        "aws_sfn_state_machine.etl",
        name="flows-etl",
        arn=MACHINE,
        role_arn="arn:aws:iam::123456789012:role/flows-etl",
        definition=definition(),
    ),
]


def plan(resources: list[Json], **more: Any) -> Json:
    return {"planned_values": {"root_module": {"resources": resources}}, **more}


def changed(address: str, **values: Any) -> Json:
    resources = copy.deepcopy(SOUND)
    [found] = [each for each in resources if each["address"] == address]
    found["values"] |= values
    return plan(resources)


def without(*addresses: str) -> Json:
    return plan([each for each in SOUND if each["address"] not in addresses])


def the_one(document: Json, folder: list[Machine] | None = None) -> Finding:
    [found] = problems(document, folder or [])
    return found


def test_a_sound_plan_gives_no_finding() -> None:
    assert problems(plan(SOUND), []) == []


@pytest.mark.parametrize(
    ("address", "values", "cause"),
    [
        ("aws_sqs_queue.work", {"redrive_policy": ""}, "no_failure_queue"),
        ("aws_cloudwatch_event_target.invoke", {"dead_letter_config": []}, "no_failure_queue"),
        ("aws_lambda_event_source_mapping.stream", {"destination_config": []}, "no_failure_queue"),
        ("aws_lambda_event_source_mapping.stream", {"maximum_retry_attempts": -1}, "unbounded_retry"),
        ("aws_cloudwatch_event_target.start", {"role_arn": None}, "role_missing"),
        ("aws_cloudwatch_event_target.start", {"arn": MACHINE}, "alias_bypassed"),
        ("aws_cloudwatch_event_target.invoke", {"arn": FUNCTION}, "alias_bypassed"),
        ("aws_lambda_event_source_mapping.work", {"function_name": FUNCTION}, "alias_bypassed"),
        ("aws_lambda_permission.s3", {"qualifier": None}, "alias_bypassed"),
        ("aws_lambda_permission.events", {"principal": "sns.amazonaws.com"}, "permission_missing"),
        ("aws_lambda_permission.s3", {"principal": "sns.amazonaws.com"}, "permission_missing"),
        ("aws_lambda_permission.api", {"function_name": "flows-other"}, "permission_missing"),
        ("aws_iam_role_policy.etl", {"policy": policy("lambda:GetFunction")}, "action_missing"),
        ("aws_iam_role_policy.etl", {"policy": policy(on=FUNCTION)}, "action_missing"),
    ],
)
def test_each_fault_alone_is_found_where_it_is(address: str, values: Json, cause: str) -> None:
    found = the_one(changed(address, **values))
    assert found.cause == cause
    assert found.fix.text
    assert found.evidence[0].where.startswith("plan, ")


def test_a_function_behind_an_api_may_not_run_longer_than_that_waits() -> None:
    document = changed("aws_lambda_function.load", timeout=30)
    document["planned_values"]["root_module"]["resources"][1]["values"]["visibility_timeout_seconds"] = 180
    found = the_one(document)
    assert found.cause == "over_api_limit"
    assert found.fix.terraform == "limits = { timeout_seconds = 28 }"


@pytest.mark.parametrize(("visible", "confidence"), [(19, Confidence.CERTAIN), (119, Confidence.LIKELY)])
def test_a_queue_hides_messages_longer_than_its_function_runs(visible: int, confidence: Confidence) -> None:
    found = the_one(changed("aws_sqs_queue.work", visibility_timeout_seconds=visible))
    assert (found.cause, found.confidence) == ("over_queue_visibility", confidence)
    assert found.fix.terraform == "visibility_timeout_seconds = 120"


@pytest.mark.parametrize(
    "retrier",
    [
        {"ErrorEquals": ["Busy"], "MaxAttempts": 99_999_999},
        {"ErrorEquals": ["States.Runtime"]},
        {"ErrorEquals": ["Lambda.ResourceNotFoundException"], "MaxAttempts": 2},
    ],
)
def test_a_retry_without_end_or_sense_is_found(retrier: Json) -> None:
    found = the_one(changed("aws_sfn_state_machine.etl", definition=definition(Retry=[retrier])))
    assert found.cause == "unbounded_retry"
    assert "flows-etl.Load" in found.root_cause


def test_an_error_that_is_left_alone_is_no_retry() -> None:
    once = {"ErrorEquals": ["States.Runtime"], "MaxAttempts": 0}
    assert problems(changed("aws_sfn_state_machine.etl", definition=definition(Retry=[once])), []) == []


def test_a_machine_that_calls_past_the_alias_is_found() -> None:
    past = definition(Arguments={"FunctionName": FUNCTION})
    document = changed("aws_sfn_state_machine.etl", definition=past)
    [found] = [each for each in problems(document, []) if each.cause == "alias_bypassed"]
    assert found.subject == "aws_sfn_state_machine.etl"


def test_an_integration_whose_resource_is_no_arn_needs_the_action_on_anything() -> None:
    put = definition(Resource="arn:aws:states:::dynamodb:putItem", Arguments={"TableName": "orders"})
    document = changed("aws_sfn_state_machine.etl", definition=put)
    assert the_one(document).cause == "action_missing"
    for each in document["planned_values"]["root_module"]["resources"]:
        if each["address"] == "aws_iam_role_policy.etl":
            each["values"]["policy"] = policy("dynamodb:PutItem", "arn:aws:dynamodb:::table/orders")
    assert problems(document, []) == []


def test_a_definition_that_is_not_known_yet_is_read_from_its_file() -> None:
    body = json.loads(definition(Retry=[{"ErrorEquals": ["Busy"], "MaxAttempts": 1000}]))
    body["States"]["Load"]["Arguments"] = {"FunctionName": "${load}"}
    document = changed("aws_sfn_state_machine.etl", definition=None)
    assert the_one(document, [Machine("etl", body)]).cause == "unbounded_retry"
    assert problems(document, []) == []


def test_a_value_that_is_not_known_yet_is_followed_through_modules() -> None:
    function = resource("aws_lambda_function.this", function_name="flows-load", timeout=40)
    function["address"] = "module.load.aws_lambda_function.this"
    queue = resource("aws_sqs_queue.this", name="flows-work", visibility_timeout_seconds=30)
    queue["address"] = "module.queue.aws_sqs_queue.this[0]"
    mapping = resource("aws_lambda_event_source_mapping.this")
    mapping["address"] = 'module.queue.aws_lambda_event_source_mapping.this["a"]'
    children = [{"resources": [function]}, {"resources": [queue, mapping]}]
    refer = {
        "event_source_arn": {"references": ["aws_sqs_queue.this.arn", "aws_sqs_queue.this"]},
        "function_name": {"references": ["var.function.arn", "var.function"]},
    }
    kept = {"redrive_policy": {"references": ["local.failures"]}}
    modules = {
        "load": {"module": {"outputs": {"arn": {"expression": {"references": ["aws_lambda_function.this.arn"]}}}}},
        "queue": {
            "expressions": {"function": {"references": ["module.load.arn", "module.load"]}},
            "module": {
                "resources": [
                    {"address": "aws_lambda_event_source_mapping.this", "expressions": refer},
                    {"address": "aws_sqs_queue.this", "expressions": kept},
                ]
            },
        },
    }
    document = {
        "planned_values": {"root_module": {"child_modules": children}},
        "configuration": {"root_module": {"module_calls": modules}},
    }
    found = the_one(document)
    assert (found.cause, found.subject) == ("over_queue_visibility", mapping["address"])
    assert len(Plan(document).resources) == 3


def test_an_arn_past_the_alias_is_told_from_one_of_it() -> None:
    assert past_alias(FUNCTION)
    assert past_alias(MACHINE)
    assert not past_alias(f"{FUNCTION}:live")
    assert not past_alias(f"{MACHINE}:live")
    assert not past_alias(QUEUE)


def test_the_command_tells_by_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound, wrong, neither = tmp_path / "sound.json", tmp_path / "wrong.json", tmp_path / "neither.json"
    sound.write_text(json.dumps(plan(SOUND)))
    wrong.write_text(json.dumps(changed("aws_sqs_queue.work", redrive_policy="")))
    neither.write_text("[]")
    assert [command.main([str(file)]) for file in (sound, wrong, neither)] == [0, 1, 2]
    told = capsys.readouterr()
    assert "no_failure_queue" in told.out
    assert "is no plan" in told.err
    assert command.main([str(wrong), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["cause"] == "no_failure_queue"


def test_an_environment_that_is_not_there_cannot_be_planned(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--env", "nowhere"]) == 2
    assert "no environment 'nowhere'" in capsys.readouterr().err
