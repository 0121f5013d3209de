"""Makes REST APIs for the engine's tests, and calls them signed or not."""

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from tests.engine.functions import Functions

ACCOUNT = "000000000000"
STAGE = "live"
SIGNED = [{"sigv4": list[str]()}]
SCHEMES = {
    "sigv4": {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "awsSigv4",
    }
}
PROXY = "def handler(event, context): return {'statusCode': 200, 'body': __import__('json').dumps(event)}"


@dataclass(frozen=True)
class Answer:
    """What a call was answered: headers by their lower-case names, and the body as it came."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)


class Rest:
    """REST APIs of one test session, each with its stage `live`."""

    def __init__(self, client: Callable[[str], Any], functions: Functions, url: str) -> None:
        self.gateway = client("apigateway")
        self._lambda = client("lambda")
        self._functions = functions
        self._url = url

    def make(self, paths: dict[str, Any], *, stage: dict[str, Any] | None = None, **document: Any) -> str:
        """Define an API by its `paths` and deploy it; return its id."""
        api = str(self.gateway.create_rest_api(name=f"api-{uuid4().hex[:12]}")["id"])
        self.define(api, paths, **document)
        deployment = self.gateway.create_deployment(restApiId=api)["id"]
        self.gateway.create_stage(restApiId=api, stageName=STAGE, deploymentId=deployment, **(stage or {}))
        return api

    def define(self, api: str, paths: dict[str, Any], **document: Any) -> Any:
        """Overwrite an API's definition; return what PutRestApi returns."""
        components = {"securitySchemes": SCHEMES, **document.pop("components", {})}
        info = {"title": f"title-{api}", "version": "1"}
        whole = {"openapi": "3.0.1", "info": info, "paths": paths, "components": components, **document}
        return self.gateway.put_rest_api(restApiId=api, mode="overwrite", body=json.dumps(whole).encode())

    def deploy(self, api: str) -> None:
        """Deploy an API again to its stage."""
        self.gateway.create_deployment(restApiId=api, stageName=STAGE)

    def function(self, source: str = PROXY, **settings: Any) -> str:
        """Make a function that every API of the account may invoke by its alias; return the alias's ARN."""
        name = self._functions.make(source, **settings)
        arn = self._functions.alias(name)
        self.permit(arn, f"arn:aws:execute-api:us-east-1:{arn.split(':')[4]}:*")
        return arn

    def permit(self, alias: str, source: str) -> None:
        """Let API Gateway invoke an alias (or, given without one, a function) for a source ARN."""
        name, _, qualifier = alias.partition(":function:")[2].partition(":")
        self._lambda.add_permission(
            FunctionName=name,
            StatementId=f"s{uuid4().hex[:8]}",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=source,
            **({"Qualifier": qualifier} if qualifier else {}),
        )

    def call(
        self, api: str, route: str, body: Any = None, headers: dict[str, str] | None = None, caller: Any = None
    ) -> Answer:
        """Call a route like `GET /path` of an API's stage; see `request` and `send`."""
        return self.send(self.request(api, route, body, headers, caller))

    def request(
        self, api: str, route: str, body: Any = None, headers: dict[str, str] | None = None, caller: Any = None
    ) -> AWSRequest:
        """Return a call, as JSON unless `body` is text; `caller` are clients whose credentials sign it."""
        method, path = route.split(" ")
        data = body if isinstance(body, str) or body is None else json.dumps(body)
        url = f"{self._url}/_aws/execute-api/{api}/{STAGE}{path}"
        request = AWSRequest(method, url, {"Content-Type": "application/json", **(headers or {})}, data)
        if caller is not None:
            SigV4Auth(caller.session.get_credentials(), "execute-api", "us-east-1").add_auth(request)
        return request

    @staticmethod
    def send(request: AWSRequest) -> Answer:
        """Send a call and return its answer."""
        url = urlsplit(request.url)
        connection = HTTPConnection(url.netloc, timeout=30)
        with closing(connection):
            path = f"{url.path}?{url.query}" if url.query else url.path
            connection.request(request.method, path, request.data, dict(request.headers))
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read().decode())


def operation(function: str, **settings: Any) -> dict[str, Any]:
    """Return an OpenAPI operation that a function's alias serves; `timeout` is the integration's, in milliseconds."""
    integration = {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations",
        "timeoutInMillis": settings.pop("timeout", 29000),
    }
    return {"responses": {}, "x-amazon-apigateway-integration": integration, **settings}
