"""Calls of a REST API: who may make them, what the function is told, and what becomes of its answer."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import boto3
import pytest

from scripts.local_engine import Engine
from tests.engine.functions import Functions
from tests.engine.rest import ACCOUNT, SIGNED, STAGE, Rest, operation
from tests.engine.waiting import until

Clients = Callable[[str], Any]
INTERNAL = {"message": "Internal server error"}
TOKEN = {"message": "Missing Authentication Token"}
ASSUMED = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [ASSUMED]})


@pytest.fixture(scope="module")
def echo(rest: Rest) -> str:
    """An API whose function answers with its event: /open and /items/{item} for anyone, /signed by IAM."""
    function = rest.function()
    item = {"name": "item", "in": "path", "required": True, "schema": {"type": "string"}}
    return rest.make(
        {
            "/open": {"get": operation(function), "post": operation(function)},
            "/items/{item}": {"get": operation(function, parameters=[item])},
            "/signed": {"post": operation(function, security=SIGNED), "get": operation(function, security=SIGNED)},
        }
    )


def test_a_function_is_told_of_the_call(rest: Rest, echo: str) -> None:
    answer = rest.call(echo, "GET /items/one?n=1", headers={"User-Agent": "me", "X-Forwarded-For": "192.0.2.1"})
    event = answer.body
    assert (event["path"], event["resource"]) == ("/items/one", "/items/{item}")
    assert (event["pathParameters"], event["queryStringParameters"]) == ({"item": "one"}, {"n": "1"})
    assert event["headers"]["x-forwarded-for"] == "192.0.2.1, 127.0.0.1"
    context = event["requestContext"]
    assert context["path"] == f"/{STAGE}/items/one"
    assert context["requestId"] == answer.headers["x-amzn-requestid"]
    identity = context["identity"]
    assert (identity["sourceIp"], identity["userAgent"], identity["userArn"]) == ("127.0.0.1", "me", None)


def test_a_form_reaches_the_function_as_it_was_sent(rest: Rest, echo: str) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    event = rest.call(echo, "POST /open", "decision=approve&comment=gr%C3%BCn+%26+gut", form).body
    assert (event["body"], event["isBase64Encoded"]) == ("decision=approve&comment=gr%C3%BCn+%26+gut", False)
    assert event["headers"]["content-type"] == form["Content-Type"]


def test_calls_at_the_same_time_do_not_mix(rest: Rest, echo: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: rest.call(echo, f"GET /items/{n}"), range(24)))
    assert [answer.body["pathParameters"]["item"] for answer in found] == [str(n) for n in range(24)]
    ids = [answer.body["requestContext"]["requestId"] for answer in found]
    assert ids == [answer.headers["x-amzn-requestid"] for answer in found]
    assert len(set(ids)) == 24


def test_a_role_needs_the_permission_for_the_method(
    rest: Rest, echo: str, as_role: Callable[..., Clients], engine: Engine
) -> None:
    method = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{echo}/{STAGE}/POST/signed"
    role = as_role({"Action": "execute-api:Invoke", "Resource": method})
    arn = role.role_arn  # type: ignore[attr-defined] # set by the fixture
    identity = rest.call(echo, "POST /signed", {}, caller=role).body["requestContext"]["identity"]
    assert identity["userArn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{arn.rpartition('/')[2]}/test"
    assert (identity["accountId"], identity["caller"]) == (ACCOUNT, identity["user"])
    assert identity["caller"].startswith("AROA")
    assert identity["caller"].endswith(":test")
    denied = rest.call(echo, "GET /signed", caller=role)
    assert (denied.status, denied.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    hidden = f"arn:aws:execute-api:us-east-1:********{ACCOUNT[-4:]}:{echo}/{STAGE}/GET/signed"
    sentence = f"User: {identity['userArn']} is not authorized to perform: execute-api:Invoke on resource: {hidden}"
    assert denied.body["Message"].startswith(sentence)
    decisions = [d for d in engine.decisions() if d["principal"] == arn]
    assert [d["decision"] for d in decisions if d["action"] == "execute-api:Invoke"] == ["Allow", "ImplicitDeny"]


def test_a_user_needs_the_permission_too(rest: Rest, echo: str, client: Clients) -> None:
    iam, name = client("iam"), f"user-{uuid4().hex[:8]}"
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    key = iam.create_access_key(UserName=name)["AccessKey"]
    caller = SimpleNamespace(session=boto3.Session(key["AccessKeyId"], key["SecretAccessKey"]))
    assert rest.call(echo, "POST /signed", {}, caller=caller).status == 403
    resource = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{echo}/{STAGE}/*/signed"
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="call", PolicyDocument=document)
    identity = rest.call(echo, "POST /signed", {}, caller=caller).body["requestContext"]["identity"]
    assert identity["userArn"] == arn


def test_another_accounts_root_is_refused(rest: Rest, echo: str) -> None:
    caller = SimpleNamespace(session=boto3.Session("000000000009", "test"))
    assert "no resource-based policy allows" in rest.call(echo, "POST /signed", {}, caller=caller).body["Message"]
    assert rest.call(echo, "GET /open", caller=caller).status == 200


def test_an_api_of_another_account_is_found_by_its_id(engine: Engine) -> None:
    def client(service: str) -> Any:
        session = boto3.Session("000000000009", "test", region_name="us-east-1")
        return session.client(service, endpoint_url=engine.url)

    role = client("iam").create_role(RoleName=f"role-{uuid4().hex[:8]}", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    other = Rest(client, Functions(client, lambda *_: role), engine.url)
    api = other.make({"/": {"get": operation(other.function())}})
    assert other.call(api, "GET /").body["requestContext"]["accountId"] == "000000000009"


def test_who_did_not_sign_and_who_is_lost_miss_a_token(rest: Rest, echo: str, as_role: Callable[..., Clients]) -> None:
    unsigned = rest.call(echo, "POST /signed", {})
    unknown = rest.call(echo, "GET /nowhere", caller=as_role())
    for answer in (unsigned, unknown, rest.call(echo, "DELETE /open")):
        assert (answer.status, answer.body) == (403, TOKEN)
        assert answer.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"


def test_a_body_changed_after_signing_is_noticed(rest: Rest, echo: str, as_role: Callable[..., Clients]) -> None:
    role = as_role({"Action": "execute-api:Invoke", "Resource": "*"})
    call = rest.request(echo, "POST /signed", {"hours": 1}, caller=role)
    assert rest.send(call).status == 200
    call.data = call.data.replace("1", "9")
    forged = rest.send(call)
    assert (forged.status, forged.headers["x-amzn-errortype"]) == (403, "InvalidSignatureException")


def test_a_function_must_let_the_method_invoke_its_alias(
    rest: Rest, functions: Functions, client: Clients, engine: Engine
) -> None:
    name = functions.make("def handler(event, context): return {'statusCode': 204}")
    alias = functions.alias(name)
    api = rest.make({"/a/{b}": {"get": operation(alias)}})
    source = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{api}/{STAGE}"
    for permitted, given in ((alias.rpartition(":")[0], f"{source}/GET/a/*"), (alias, f"{source}/POST/a/*")):
        rest.permit(permitted, given)
        refused = rest.call(api, "GET /a/1")
        assert (refused.status, refused.body) == (500, INTERNAL)
    assert not log_exists(client, name)
    rest.permit(alias, f"{source}/GET/a/*")
    assert rest.call(api, "GET /a/1").status == 204
    asked = [d for d in engine.decisions() if d["principal"] == "apigateway.amazonaws.com" and d["resource"] == alias]
    assert [d["decision"] for d in asked] == ["ImplicitDeny", "ImplicitDeny", "Allow"]
    assert {d["via"] for d in asked} == {f"{source}/GET/a/{{b}}"}


def log_exists(client: Clients, function: str) -> bool:
    return bool(client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{function}")["logGroups"])


@pytest.mark.parametrize("source", ["raise ValueError('secret')", "__import__('os')._exit(1)"])
def test_a_functions_error_is_a_bad_gateway_without_its_words(rest: Rest, source: str) -> None:
    api = rest.make({"/": {"get": operation(rest.function(f"def handler(event, context): {source}"))}})
    answer = rest.call(api, "GET /")
    assert (answer.status, answer.body) == (502, INTERNAL)


def test_a_functions_time_out_is_a_bad_gateway(rest: Rest) -> None:
    slow = rest.function("def handler(event, context): __import__('time').sleep(9)", Timeout=1)
    answer = rest.call(rest.make({"/": {"get": operation(slow)}}), "GET /")
    assert (answer.status, answer.body) == (502, INTERNAL)


@pytest.fixture(scope="module")
def mirror(rest: Rest) -> str:
    """An API whose function answers what it is sent."""
    source = "def handler(event, context): return __import__('json').loads(event['body'])"
    return rest.make({"/": {"post": operation(rest.function(source))}})


@pytest.mark.parametrize(
    "answer",
    [
        *("text", None, 1, [], {}, {"body": "no status"}),
        *({"statusCode": code} for code in ("abc", 1.5, True, 99, None)),
        *({"statusCode": 200, "body": body} for body in ({"a": 1}, 1)),
        *({"statusCode": 200, **more} for more in ({"headers": "x"}, {"headers": {"a": []}}, {"other": 1})),
        {"statusCode": 200, "isBase64Encoded": "yes"},
        {"statusCode": 200, "multiValueHeaders": {"a": "b"}},
    ],
)
def test_an_answer_of_another_form_is_a_bad_gateway(rest: Rest, mirror: str, answer: Any) -> None:
    found = rest.call(mirror, "POST /", answer)
    assert (found.status, found.body) == (502, INTERNAL)
    assert found.headers["x-amzn-errortype"] == "InternalServerErrorException"


def test_a_well_formed_answer_is_passed_on(rest: Rest, mirror: str) -> None:
    headers = {"content-type": "text/html", "X-Number": 1, "X-True": True}
    many = {"Set-Cookie": ["a=1", "b=2"]}
    whole = {
        "statusCode": "201",
        "headers": headers,
        "multiValueHeaders": many,
        "body": "<p>",
        "isBase64Encoded": False,
    }
    found = rest.call(mirror, "POST /", whole)
    assert (found.status, found.text, found.headers["content-type"]) == (201, "<p>", "text/html")
    assert (found.headers["x-number"], found.headers["x-true"]) == ("1", "true")
    bare = rest.call(mirror, "POST /", {"statusCode": 200, "body": None})
    assert (bare.status, bare.text, bare.headers["content-type"]) == (200, "", "application/json")


def test_a_function_slower_than_the_integration_times_out_at_the_gateway(rest: Rest, client: Clients) -> None:
    slow = rest.function("def handler(event, context):\n __import__('time').sleep(1.5)\n print('done')\n return 1")
    api = rest.make({"/": {"get": operation(slow, timeout=300)}})
    started = time.monotonic()
    answer = rest.call(api, "GET /")
    assert time.monotonic() - started < 1.2
    assert (answer.status, answer.body) == (504, {"message": "Endpoint request timed out"})
    name = slow.split(":")[6]
    until(lambda: log_exists(client, name) and "done" in json.dumps(messages(client, name)))


def messages(client: Clients, function: str) -> list[str]:
    events = client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
    return [event["message"] for event in events]


def test_a_throttled_function_is_an_internal_error(rest: Rest, client: Clients) -> None:
    function = rest.function()
    api = rest.make({"/": {"get": operation(function)}})
    client("lambda").put_function_concurrency(FunctionName=function.split(":")[6], ReservedConcurrentExecutions=0)
    answer = rest.call(api, "GET /")
    assert (answer.status, answer.body) == (500, INTERNAL)


def test_a_deleted_function_is_an_internal_error(rest: Rest, client: Clients) -> None:
    function = rest.function()
    api = rest.make({"/": {"get": operation(function)}})
    client("lambda").delete_function(FunctionName=function.split(":")[6])
    answer = rest.call(api, "GET /")
    assert (answer.status, answer.body) == (500, INTERNAL)
