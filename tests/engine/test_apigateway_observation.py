"""What is left of a call: its line in the access log, its metrics, its trace."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.rest import ACCOUNT, SIGNED, STAGE, Answer, Rest, operation
from tests.engine.waiting import until

Clients = Callable[[str], Any]
LOGS = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
VARIABLES = (
    *("requestId", "httpMethod", "resourcePath", "path", "status", "responseLength", "protocol", "stage", "apiId"),
    *("accountId", "requestTime", "requestTimeEpoch", "responseLatency", "integrationLatency", "integration.error"),
    *("integration.status", "integration.integrationStatus", "error.message", "error.responseType", "xrayTraceId"),
    *("identity.sourceIp", "identity.userAgent", "identity.userArn", "identity.caller", "identity.accountId"),
)
FORMAT = json.dumps({name: f"$context.{name}" for name in VARIABLES})


@pytest.fixture
def account(rest: Rest) -> Iterator[Callable[[str], Any]]:
    """Set the role that API Gateway logs with; it is taken back after the test."""

    def set_role(role: str) -> Any:
        operation = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role}
        return rest.gateway.update_account(patchOperations=[operation])

    yield set_role
    set_role("")


@pytest.fixture
def group(client: Clients, name: str) -> str:
    client("logs").create_log_group(logGroupName=name)
    return name


def log_calls(rest: Rest, api: str, group: str) -> None:
    settings = {"destinationArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}", "format": FORMAT}
    operations = [{"op": "replace", "path": f"/accessLogSettings/{k}", "value": v} for k, v in settings.items()]
    rest.gateway.update_stage(restApiId=api, stageName=STAGE, patchOperations=operations)


def lines(client: Clients, group: str) -> list[dict[str, str]]:
    events = client("logs").filter_log_events(logGroupName=group)["events"]
    return [json.loads(event["message"]) for event in events]


@pytest.fixture
def logged(
    rest: Rest, client: Clients, group: str, account: Callable[[str], Any], make_role: Callable[..., str]
) -> Callable[..., dict[str, str]]:
    """Call an API that serves /a/{b} by a function; return the call's line in the access log."""
    account(make_role({"Action": "logs:*", "Resource": "*"}, trust="apigateway.amazonaws.com"))

    def call(
        source: str, route: str = "GET /a/b", caller: Any = None, *, forged: bool = False, **settings: Any
    ) -> dict[str, str]:
        served = operation(rest.function(f"def handler(event, context): {source}"), **settings)
        api = rest.make({"/a/{b}": {"get": served}}, stage={"tracingEnabled": True})
        log_calls(rest, api, group)
        request = rest.request(api, route, headers={"User-Agent": 'me "quoted"'}, caller=caller)
        if forged:
            request.headers.replace_header("X-Amz-Date", "20260101T000000Z")
        answer = rest.send(request)
        [found] = lines(client, group)
        assert_of_the_call(found, api, answer)
        return found

    return call


def assert_of_the_call(line: dict[str, str], api: str, answer: Answer) -> None:
    assert line["requestId"] == answer.headers["x-amzn-requestid"]
    assert (line["status"], line["responseLength"]) == (str(answer.status), str(len(answer.text)))
    assert (line["apiId"], line["accountId"], line["stage"]) == (api, ACCOUNT, STAGE)
    assert (line["protocol"], line["httpMethod"]) == ("HTTP/1.1", "GET")
    assert (line["identity.sourceIp"], line["identity.userAgent"]) == ("127.0.0.1", 'me "quoted"')
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", line["requestTime"])
    assert int(line["responseLatency"]) >= 0


def test_a_call_is_one_line_in_the_stages_format(logged: Callable[..., dict[str, str]]) -> None:
    line = logged("return {'statusCode': 201, 'body': 'x'}")
    assert (line["resourcePath"], line["path"]) == ("/a/{b}", f"/{STAGE}/a/b")
    assert (line["integration.status"], line["integration.integrationStatus"]) == ("200", "201")
    assert int(line["integrationLatency"]) <= int(line["responseLatency"])
    assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", line["xrayTraceId"])
    empty = ("integration.error", "error.message", "error.responseType", "identity.userArn", "identity.caller")
    assert {line[name] for name in empty} == {"-"}


def test_the_line_tells_what_the_caller_is_not_told(logged: Callable[..., dict[str, str]]) -> None:
    line = logged("raise ValueError('the reason')")
    assert line["integration.error"].endswith("customer function error: the reason")
    assert (line["error.message"], line["status"]) == ("Internal server error", "502")
    assert (line["integration.status"], line["integration.integrationStatus"]) == ("200", "-")


def test_the_line_of_a_signed_call_tells_who_made_it(
    logged: Callable[..., dict[str, str]], as_role: Callable[..., Clients]
) -> None:
    role = as_role({"Action": "execute-api:Invoke", "Resource": "*"})
    line = logged("return {'statusCode': 200}", caller=role, security=SIGNED)
    assert line["identity.userArn"].startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/")
    assert (line["identity.accountId"], line["identity.caller"][:4]) == (ACCOUNT, "AROA")


def test_a_refused_call_has_a_line_too(logged: Callable[..., dict[str, str]], as_role: Callable[..., Clients]) -> None:
    line = logged("return {'statusCode': 200}", caller=as_role(), security=SIGNED)
    assert (line["status"], line["error.responseType"], line["resourcePath"]) == ("403", "ACCESS_DENIED", "/a/{b}")
    assert "is not authorized to perform: execute-api:Invoke" in line["error.message"]
    assert line["integrationLatency"] == line["integration.status"] == "-"


def test_the_line_of_a_forged_call_names_nobody(
    logged: Callable[..., dict[str, str]], as_role: Callable[..., Clients]
) -> None:
    role = as_role({"Action": "execute-api:Invoke", "Resource": "*"})
    line = logged("return {'statusCode': 200}", caller=role, forged=True, security=SIGNED)
    assert (line["status"], line["error.responseType"]) == ("403", "INVALID_SIGNATURE")
    assert line["identity.userArn"] == line["identity.caller"] == "-"


def test_a_lost_call_has_a_line_too(logged: Callable[..., dict[str, str]]) -> None:
    line = logged("return {'statusCode': 200}", "GET /nowhere")
    assert (line["status"], line["error.message"], line["resourcePath"]) == ("403", "Missing Authentication Token", "-")


def test_logs_need_the_accounts_role_and_its_permissions(
    rest: Rest, client: Clients, group: str, account: Callable[[str], Any], make_role: Callable[..., str]
) -> None:
    api = rest.make({"/": {"get": operation(rest.function("def handler(e, c): return {'statusCode': 200}"))}})
    with pytest.raises(ClientError, match="CloudWatch Logs role ARN must be set in account settings"):
        log_calls(rest, api, group)
    with pytest.raises(ClientError, match="does not have required permissions"):
        account(make_role({"Action": "logs:*", "Resource": "*"}))
    role = make_role(trust="apigateway.amazonaws.com")
    account(role)
    log_calls(rest, api, group)
    assert rest.call(api, "GET /").status == 200
    assert lines(client, group) == []
    client("iam").attach_role_policy(RoleName=role.rpartition("/")[2], PolicyArn=LOGS)
    rest.call(api, "GET /")
    assert len(lines(client, group)) == 1


def values(client: Clients, metric: str, statistic: str = "Sum", **dimensions: str) -> float | None:
    found = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/ApiGateway",
        MetricName=metric,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=datetime.now(UTC) - timedelta(hours=1),
        EndTime=datetime.now(UTC) + timedelta(hours=1),
        Period=86400,
        Statistics=[statistic],
    )["Datapoints"]
    return sum(point[statistic] for point in found) if found else None


def test_calls_are_counted_by_api_and_stage_and_in_detail_by_method(rest: Rest, client: Clients) -> None:
    good = rest.function("def handler(event, context): return {'statusCode': 200}")
    bad = rest.function("def handler(event, context): return 1")
    api = rest.make({"/good": {"get": operation(good)}, "/bad": {"get": operation(bad)}})
    detailed = {"op": "replace", "path": "/~1good/GET/metrics/enabled", "value": "true"}
    rest.gateway.update_stage(restApiId=api, stageName=STAGE, patchOperations=[detailed])
    for path in ("/good", "/good", "/bad", "/nowhere"):
        rest.call(api, f"GET {path}")
    name = rest.gateway.get_rest_api(restApiId=api)["name"]
    for dimensions in ({"ApiName": name}, {"ApiName": name, "Stage": STAGE}):
        found = [values(client, metric, **dimensions) for metric in ("Count", "4XXError", "5XXError")]
        assert found == [4, 1, 1]
        assert values(client, "5XXError", "Average", **dimensions) == 0.25
        assert [values(client, m, "SampleCount", **dimensions) for m in ("Latency", "IntegrationLatency")] == [4, 3]
    detail = {"ApiName": name, "Stage": STAGE, "Method": "GET"}
    assert values(client, "Count", Resource="/good", **detail) == 2
    assert values(client, "Count", Resource="/bad", **detail) is None


def test_an_alarm_sees_the_errors(rest: Rest, client: Clients, name: str) -> None:
    api = rest.make({"/": {"get": operation(rest.function("def handler(event, context): return 1"))}})
    api_name = rest.gateway.get_rest_api(restApiId=api)["name"]
    client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/ApiGateway",
        MetricName="5XXError",
        Dimensions=[{"Name": "ApiName", "Value": api_name}, {"Name": "Stage", "Value": STAGE}],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0.05,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )
    rest.call(api, "GET /")
    until(lambda: client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"] == "ALARM")


TRACE = "def handler(e, c): return {'statusCode': 200, 'body': __import__('os').environ['_X_AMZN_TRACE_ID']}"


def test_a_stage_that_traces_hands_its_trace_on(rest: Rest) -> None:
    paths = {"/": {"get": operation(rest.function(TRACE))}}
    traced, untraced = rest.make(paths, stage={"tracingEnabled": True}), rest.make(paths)
    began = rest.call(traced, "GET /").text
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=1", began)
    root = "Root=1-67891233-abcdef012345678912345678"
    assert rest.call(traced, "GET /", headers={"X-Amzn-Trace-Id": root}).text.startswith(f"{root};Parent=")
    assert rest.call(untraced, "GET /").text.endswith(";Sampled=0")
