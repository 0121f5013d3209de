"""The definition of a REST API by an OpenAPI document, its deployments, and what the gateway checks by itself."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.rest import SIGNED, STAGE, Rest, operation

ORDER = {
    "type": "object",
    "required": ["name", "hours"],
    "additionalProperties": False,
    "properties": {
        "name": {"$ref": "#/components/schemas/Name"},
        "hours": {"type": "integer", "minimum": 1, "maximum": 24},
    },
}
SCHEMAS = {"Order": ORDER, "Name": {"type": "string", "minLength": 1, "maxLength": 5}}
VALIDATED = {
    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}},
    "x-amazon-apigateway-request-validator": "everything",
}
VALIDATORS = {
    "x-amazon-apigateway-request-validators": {
        "everything": {"validateRequestBody": True, "validateRequestParameters": True}
    }
}
DOCUMENT = {"components": {"schemas": SCHEMAS}, **VALIDATORS}


@pytest.fixture(scope="module")
def function(rest: Rest) -> str:
    return rest.function("def handler(event, context): return {'statusCode': 200, 'body': event['resource']}")


def test_everything_a_document_says_is_in_the_api(rest: Rest, function: str) -> None:
    item = {"name": "item", "in": "path", "required": True}
    page = {"name": "page", "in": "query"}
    paths = {
        "/orders": {"post": operation(function, security=SIGNED, **VALIDATED)},
        "/items/{item}": {"parameters": [item], "get": operation(function, parameters=[page], timeout=5000)},
    }
    api = rest.make(paths, **DOCUMENT)
    resources = rest.gateway.get_resources(restApiId=api, embed=["methods"])["items"]
    methods = {each["path"]: each["resourceMethods"] for each in resources if each["resourceMethods"]}
    order, read = methods["/orders"]["POST"], methods["/items/{item}"]["GET"]
    assert (order["authorizationType"], read["authorizationType"]) == ("AWS_IAM", "NONE")
    assert order["requestModels"] == {"application/json": "Order"}
    assert read["requestParameters"] == {"method.request.path.item": True, "method.request.querystring.page": False}
    assert read["methodIntegration"]["timeoutInMillis"] == 5000
    assert read["methodIntegration"]["type"] == "AWS_PROXY"
    [validator] = rest.gateway.get_request_validators(restApiId=api)["items"]
    assert (validator["id"], validator["name"]) == (order["requestValidatorId"], "everything")


def test_a_patched_time_limit_is_a_number_within_the_bounds(rest: Rest, function: str) -> None:
    api = rest.make({"/": {"get": operation(function)}})
    [root] = rest.gateway.get_resources(restApiId=api)["items"]
    method = {"restApiId": api, "resourceId": root["id"], "httpMethod": "GET"}
    patch = {"op": "replace", "path": "/timeoutInMillis", "value": "50"}
    sent: list[dict[str, Any]] = []  # as it was, since boto3 makes a number of a text
    rest.gateway.meta.events.register(
        "after-call.api-gateway.UpdateIntegration",
        lambda http_response, **_: sent.append(json.loads(http_response.content)),
        unique_id="sent",
    )
    rest.gateway.update_integration(**method, patchOperations=[patch])
    rest.gateway.meta.events.unregister("after-call.api-gateway.UpdateIntegration", unique_id="sent")
    assert [answer["timeoutInMillis"] for answer in sent] == [50]
    with pytest.raises(ClientError, match="between 50 ms and 29000 ms"):
        rest.gateway.update_integration(**method, patchOperations=[{**patch, "value": "49"}])


def test_a_definition_takes_the_place_of_the_one_before_and_is_served_when_deployed(rest: Rest, function: str) -> None:
    api = rest.make({"/old": {"get": operation(function)}})
    defined = rest.define(api, {"/new": {"get": operation(function)}}, info={"title": "Other", "version": "2"})
    assert (defined["id"], defined["name"], defined["version"]) == (api, "Other", "2")
    assert {each["path"] for each in rest.gateway.get_resources(restApiId=api)["items"]} == {"/", "/new"}
    assert [rest.call(api, f"GET {path}").status for path in ("/old", "/new")] == [200, 403]
    rest.deploy(api)
    assert [rest.call(api, f"GET {path}").status for path in ("/old", "/new")] == [403, 200]


def test_a_deployment_that_is_served_is_not_deleted(rest: Rest, function: str) -> None:
    api = rest.make({"/": {"get": operation(function)}})
    served = rest.gateway.get_stage(restApiId=api, stageName=STAGE)["deploymentId"]
    with pytest.raises(ClientError, match="Active stages pointing to this deployment"):
        rest.gateway.delete_deployment(restApiId=api, deploymentId=served)
    rest.deploy(api)
    rest.gateway.delete_deployment(restApiId=api, deploymentId=served)
    assert rest.call(api, "GET /").status == 200


def test_an_api_is_made_from_a_document(rest: Rest, function: str) -> None:
    document = f"openapi: 3.0.1\ninfo: {{title: Imported}}\npaths: {{/a: {{get: {operation(function)}}}}}\n"
    made = rest.gateway.import_rest_api(body=document.encode())
    assert made["name"] == "Imported"
    assert "/a" in {each["path"] for each in rest.gateway.get_resources(restApiId=made["id"])["items"]}


def test_security_at_the_root_protects_nothing(rest: Rest, function: str) -> None:
    api = rest.make({"/": {"get": operation(function)}}, security=SIGNED)
    assert rest.call(api, "GET /").status == 200


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"components": {"schemas": {"Not_good": {}}}}, "Model name must be alphanumeric: Not_good"),
        ({"x-amazon-apigateway-request-validator": "none"}, "Request validator none is not defined"),
    ],
)
def test_a_document_that_aws_refuses_changes_nothing(
    rest: Rest, function: str, document: dict[str, Any], sentence: str
) -> None:
    api = rest.make({"/": {"get": operation(function)}})
    with pytest.raises(ClientError, match=sentence):
        rest.define(api, {}, **document)
    rest.deploy(api)
    assert rest.call(api, "GET /").status == 200


@pytest.mark.parametrize("body", ["text", "[]", "{", "a: b: c"])
def test_what_is_no_document_is_not_imported(rest: Rest, body: str) -> None:
    with pytest.raises(ClientError, match="Invalid OpenAPI input"):
        rest.gateway.import_rest_api(body=body.encode())


def test_an_integration_waits_29_seconds_at_most(rest: Rest, function: str) -> None:
    with pytest.raises(ClientError, match="Timeout should be between 50 ms and 29000 ms"):
        rest.make({"/": {"get": operation(function, timeout=30000)}})


@pytest.fixture(scope="module")
def orders(rest: Rest, function: str) -> str:
    return rest.make({"/orders": {"post": operation(function, **VALIDATED)}}, **DOCUMENT)


@pytest.mark.parametrize(
    "body",
    [
        *(None, "", "{", "[]", "null"),
        *({"name": "a"}, {"name": "", "hours": 1}, {"name": "a", "hours": 25}, {"name": "a", "hours": "1"}),
        {"name": "a", "hours": 1, "more": 1},
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_the_gateway(rest: Rest, orders: str, body: Any) -> None:
    answer = rest.call(orders, "POST /orders", body)
    assert (answer.status, answer.body) == (400, {"message": "Invalid request body"})


def test_a_body_that_fits_or_is_of_another_type_reaches_the_function(rest: Rest, orders: str) -> None:
    order = {"name": "a", "hours": 1}
    with_charset = {"Content-Type": "application/json; charset=utf-8"}
    assert rest.call(orders, "POST /orders", order).status == 200
    assert rest.call(orders, "POST /orders", order, with_charset).status == 200
    assert rest.call(orders, "POST /orders", "{}", with_charset).status == 400
    assert rest.call(orders, "POST /orders", "{}", {"Content-Type": "text/plain"}).status == 200


def test_a_model_by_default_is_for_every_type(rest: Rest, function: str) -> None:
    content = {"$default": {"schema": {"type": "object", "required": ["a"]}}}
    validated = {**VALIDATED, "requestBody": {"content": content}}
    api = rest.make({"/": {"post": operation(function, **validated)}}, **VALIDATORS)
    assert rest.call(api, "POST /", "{}", {"Content-Type": "text/plain"}).status == 400
    assert rest.call(api, "POST /", '{"a": 1}', {"Content-Type": "text/plain"}).status == 200


def test_a_missing_parameter_is_named(rest: Rest, function: str) -> None:
    page = {"name": "page", "in": "query", "required": True}
    read = operation(function, parameters=[page], **{"x-amazon-apigateway-request-validator": "everything"})
    answer = rest.call(rest.make({"/": {"get": read}}, **VALIDATORS), "GET /")
    assert (answer.status, answer.body) == (400, {"message": "Missing required request parameters: [page]"})


def test_gateway_responses_of_the_document_are_used(rest: Rest, function: str) -> None:
    template = {"application/json": '{"code":"$context.error.responseType","id":"$context.requestId"}'}
    responses = {
        "BAD_REQUEST_BODY": {"statusCode": 422, "responseTemplates": template},
        "DEFAULT_4XX": {"responseTemplates": template},
        "DEFAULT_5XX": {"responseTemplates": template},
    }
    failing = rest.function("def handler(event, context): return 1")
    paths = {"/orders": {"post": operation(function, **VALIDATED)}, "/broken": {"get": operation(failing)}}
    api = rest.make(paths, **DOCUMENT, **{"x-amazon-apigateway-gateway-responses": responses})
    found = [rest.call(api, route) for route in ("POST /orders", "GET /nowhere", "GET /broken")]
    assert [answer.status for answer in found] == [422, 403, 502]
    codes = ["BAD_REQUEST_BODY", "MISSING_AUTHENTICATION_TOKEN", "DEFAULT_5XX"]
    assert [answer.body["code"] for answer in found] == codes
    assert all(answer.body["id"] == answer.headers["x-amzn-requestid"] for answer in found)


def throttle(rest: Rest, api: str, path: str, rate: float, burst: int) -> None:
    limits = {"rateLimit": rate, "burstLimit": burst}
    operations = [{"op": "replace", "path": f"/{path}/throttling/{n}", "value": str(v)} for n, v in limits.items()]
    rest.gateway.update_stage(restApiId=api, stageName=STAGE, patchOperations=operations)


def test_calls_beyond_the_limit_are_refused(rest: Rest, function: str) -> None:
    api = rest.make({"/a": {"get": operation(function)}, "/b": {"get": operation(function)}})
    throttle(rest, api, "*/*", 0.01, 2)
    throttle(rest, api, "~1b/GET", -1, -1)
    found = [rest.call(api, "GET /a") for _ in range(3)]
    assert [answer.status for answer in found] == [200, 200, 429]
    assert found[-1].body == {"message": "Too Many Requests"}
    assert [rest.call(api, "GET /b").status for _ in range(3)] == [200] * 3
