"""The doctor on small faults that the engine really has: what it reads there is what it reads in AWS."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from scripts.deployment import Deployment
from scripts.doctor.adapters.environment import gather
from scripts.doctor.adapters.reading import Window
from scripts.doctor.diagnosis import diagnose
from scripts.doctor.findings import Fault, Finding
from scripts.local_engine import Engine
from tests.engine.functions import Functions
from tests.engine.rest import Rest
from tests.support.machines import TRUST, Machines

ACCOUNT, REGION = "000000000000", "us-east-1"
JSON = {"LogFormat": "JSON"}
LINES = 2000
HANGS = """
import time
def handler(event, context):
    print("asking the partner")
    time.sleep(event["seconds"])
"""
type Clients = Callable[[str], Any]
type Diagnose = Callable[[], list[Finding]]


@pytest.fixture
def diagnosed(engine: Engine, name: str) -> Diagnose:
    """What the doctor says of an environment with this test's name."""
    deployment = Deployment("local", {"foundation": {"name": name}}, REGION, engine.url, ACCOUNT)
    began = time.time()

    def look() -> list[Finding]:
        environment = gather(deployment, Window(began - 1, time.time() + 1, LINES), engine.decisions)
        assert environment.unread == ()
        return diagnose(environment)

    return look


def test_an_environment_with_nothing_in_it_is_healthy(diagnosed: Diagnose) -> None:
    assert diagnosed() == []


@pytest.mark.parametrize("logging", [{}, JSON], ids=["text", "json"])
def test_a_run_much_longer_than_the_others_hangs(
    functions: Functions, diagnosed: Diagnose, name: str, logging: dict[str, str]
) -> None:
    functions.make(HANGS, FunctionName=f"{name}-load", Timeout=1, LoggingConfig=logging)
    functions.invoke(f"{name}-load", {"seconds": 0})
    assert diagnosed() == []
    functions.fails(f"{name}-load", Payload=json.dumps({"seconds": 5}))
    [found] = diagnosed()
    assert (found.fault, found.cause, found.subject) == (Fault.TIME_OUT, "hangs", f"{name}-load")


def test_a_refusal_is_mended_by_the_statement_that_the_doctor_proposes(
    client: Clients, machines: Machines, make_role: Callable[..., str], diagnosed: Diagnose, name: str
) -> None:
    queue = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    send = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
    send |= {"Arguments": {"QueueUrl": queue, "MessageBody": "hello"}}
    role = make_role({"Action": "sqs:ReceiveMessage", "Resource": "*"}, trust=TRUST)
    text = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Send", "States": {"Send": send}})
    machine = machines.sfn.create_state_machine(name=f"{name}-send", roleArn=role, definition=text)["stateMachineArn"]
    assert machines.run(machine)["status"] == "FAILED"
    [found] = diagnosed()
    assert (found.fault, found.cause) == (Fault.ACCESS_DENIED, "missing_statement")
    document = {"Version": "2012-10-17", "Statement": [found.fix.statement]}
    role_name = role.rsplit("/", 1)[-1]
    client("iam").put_role_policy(RoleName=role_name, PolicyName="mended", PolicyDocument=json.dumps(document))
    assert machines.run(machine)["status"] == "SUCCEEDED"
    assert diagnosed() == []


def test_a_permanent_error_that_is_retried_is_found(
    machines: Machines, functions: Functions, make_role: Callable[..., str], diagnosed: Diagnose, name: str
) -> None:
    functions.make("def handler(event, context): raise KeyError('order')", FunctionName=f"{name}-load")
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 4, "IntervalSeconds": 1, "MaxDelaySeconds": 1}]
    arguments = {"FunctionName": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}-load"}
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": arguments, "Retry": retry}
    text = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Load", "States": {"Load": {**task, "End": True}}})
    role = make_role({"Action": "lambda:InvokeFunction", "Resource": "*"}, trust=TRUST)
    made = machines.sfn.create_state_machine(name=f"{name}-etl", roleArn=role, definition=text)
    assert machines.run(made["stateMachineArn"])["status"] == "FAILED"
    [found] = diagnosed()
    assert (found.fault, found.cause, found.subject) == (
        Fault.RETRY_LOOP,
        "permanent_error_retried",
        f"{name}-etl.Load",
    )


@pytest.fixture
def rule(client: Clients, functions: Functions, name: str) -> Iterator[str]:
    """A rule that invokes a function, and the function's alias."""
    functions.make("def handler(event, context): pass", FunctionName=f"{name}-load")
    alias = functions.alias(f"{name}-load")
    arn = client("events").put_rule(Name=f"{name}-start", EventPattern='{"source": ["shop"]}')["RuleArn"]
    client("events").put_targets(Rule=f"{name}-start", Targets=[{"Id": "load", "Arn": alias}])
    client("lambda").add_permission(
        FunctionName=f"{name}-load",
        Qualifier="live",
        StatementId="start",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=arn,
    )
    yield alias
    client("events").remove_targets(Rule=f"{name}-start", Ids=["load"])
    client("events").delete_rule(Name=f"{name}-start")


def test_the_first_broken_link_of_a_rule_is_found(client: Clients, rule: str, diagnosed: Diagnose, name: str) -> None:
    assert diagnosed() == []
    client("events").disable_rule(Name=f"{name}-start")
    assert [found.cause for found in diagnosed()] == ["trigger_broken"]
    client("events").enable_rule(Name=f"{name}-start")
    client("lambda").remove_permission(FunctionName=f"{name}-load", Qualifier="live", StatementId="start")
    assert [found.cause for found in diagnosed()] == ["permission_broken"]
    client("lambda").delete_alias(FunctionName=f"{name}-load", Name=rule.rsplit(":", 1)[-1])
    assert [found.cause for found in diagnosed()] == ["target_broken"]


@pytest.fixture
def access_log(rest: Rest, client: Clients, make_role: Callable[..., str], name: str) -> Iterator[dict[str, str]]:
    """The settings of a stage whose calls are logged as modules/rest_api does."""
    role = make_role({"Action": "logs:*", "Resource": "*"}, trust="apigateway.amazonaws.com")
    rest.gateway.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])
    client("logs").create_log_group(logGroupName=name)
    variables = {
        "request_id": "requestId",
        "time": "requestTimeEpoch",
        "status": "status",
        "method": "httpMethod",
        "route": "resourcePath",
        "error": "error.responseType",
        "integration_status": "integration.integrationStatus",
        "latency": "responseLatency",
        "trace_id": "xrayTraceId",
    }
    text = json.dumps({key: f"$context.{variable}" for key, variable in variables.items()})
    yield {"destinationArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}", "format": text}
    rest.gateway.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}])


@pytest.fixture
def api(rest: Rest, functions: Functions, access_log: dict[str, str], name: str) -> str:
    """An API whose route calls a function with an answer of the wrong form; nothing lets it do so yet."""
    functions.make("def handler(event, context): return 'hello'", FunctionName=f"{name}-hello", LoggingConfig=JSON)
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{functions.alias(f'{name}-hello')}/invocations"
    proxy = {"type": "aws_proxy", "httpMethod": "POST", "uri": uri}
    made = rest.make({"/hello": {"get": {"x-amazon-apigateway-integration": proxy, "responses": {}}}})
    naming = [{"op": "replace", "path": "/name", "value": f"{name}-shop"}]
    rest.gateway.update_rest_api(restApiId=made, patchOperations=naming)
    logging = [
        {"op": "replace", "path": f"/accessLogSettings/{key}", "value": value} for key, value in access_log.items()
    ]
    rest.gateway.update_stage(restApiId=made, stageName="live", patchOperations=logging)
    return made


def test_a_missing_permission_and_a_malformed_answer_are_told_apart(
    rest: Rest, api: str, diagnosed: Diagnose, name: str
) -> None:
    assert rest.call(api, "GET /hello").status == 500
    [found] = diagnosed()
    assert (found.fault, found.cause) == (Fault.API_ERROR, "permission_missing")
    alias = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}-hello:live"
    rest.permit(alias, f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/live/GET/hello")
    assert rest.call(api, "GET /hello").status == 502
    assert [each.cause for each in diagnosed()] == ["malformed_response"]
