"""The call in hand: what is known of it, from its arrival until its metrics and its line in the access log."""

import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.responses import request_scope
from ministack.services import apigateway_v1 as engine

from scripts.local_engine.mends.apigateway import access_log, metrics
from scripts.local_engine.patching import wrap

# A caller's identity; what does not apply is null.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
_IDENTITY = (
    *("accessKey", "accountId", "caller", "principalOrgId", "user", "userArn"),
    *("cognitoAuthenticationProvider", "cognitoAuthenticationType", "cognitoIdentityId", "cognitoIdentityPoolId"),
)


@dataclass
class Call:
    """One call of a REST API's stage. Times are seconds since the epoch, durations milliseconds."""

    api_id: str
    account: str
    region: str
    stage: str
    method: str
    path: str
    headers: dict[str, str]
    request_id: str = field(default_factory=lambda: str(uuid4()))
    started: float = field(default_factory=time.time)
    identity: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(_IDENTITY))
    trace: str = ""  # X-Ray's header, as far as API Gateway decides on it
    resource: dict[str, Any] | None = None
    integration: dict[str, Any] = field(default_factory=dict)
    integration_status: int | None = None
    integration_latency: int | None = None
    integration_error: str = ""
    error_type: str = ""  # of the gateway's own response
    error_message: str = ""
    status: int = 0
    length: int = 0

    def __post_init__(self) -> None:
        origin, _ = iam_evaluator._request_origin.get()
        self.identity |= {"sourceIp": origin, "userAgent": self.headers.get("user-agent")}

    def latency(self) -> int:
        """Return how long the call has taken so far, in milliseconds."""
        return round((time.time() - self.started) * 1000)

    def settings(self) -> dict[str, Any]:
        """Return the stage that is called, {} when there is none."""
        stage: dict[str, Any] = engine._stages_v1.get(self.api_id, {}).get(self.stage) or {}
        return stage


current: ContextVar[Call | None] = ContextVar("call", default=None)


async def handle_execute_api_request(
    original: Any,
    host: str,
    path: str,
    method: str,
    headers: dict[str, str],
    body: bytes,
    query_params: Any,
    raw_path: str | None = None,
    raw_query_string: str | None = None,
) -> Any:
    """Follow the call of a REST API from its arrival to its answer, then count and log it.

    AWS: x-amzn-RequestId, requestContext.requestId and $context.requestId are one id
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html).
    Engine: three ids; no metrics, no access log.
    """
    parsed = app._parse_execute_api_url(host, path) or app._resolve_custom_domain_request(host, path)
    scope = engine.find_api_scope(parsed[0]) if parsed else None
    if parsed is None or scope is None:
        return await original(host, path, method, headers, body, query_params, raw_path, raw_query_string)
    call = Call(parsed[0], scope[0], scope[1], parsed[1], method, parsed[2], headers)
    token = current.set(call)
    try:
        answer = await original(host, path, method, headers, body, query_params, raw_path, raw_query_string)
        with request_scope(*scope):
            return _finished(call, *answer)
    finally:
        current.reset(token)


def _finished(call: Call, status: int, headers: dict[str, Any], body: bytes) -> Any:
    headers.setdefault("x-amzn-requestid", call.request_id)
    call.status, call.length = status, len(body)
    metrics.publish(call)
    access_log.write(call)
    return status, headers, body


def find_api_scope(_original: Any, api_id: str) -> tuple[str, str] | None:
    """Find an API by its id alone, whoever calls it.

    AWS: the id is part of the API's host name; callers of public methods belong to no account
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-call-api.html).
    Engine: only within the caller's account, which is the default one for who does not sign.
    """
    for (account, region, found), _ in engine._rest_apis.all_items():
        if found == api_id:
            return str(account), str(region)
    return None


def apply() -> None:
    """Mend the way of a call."""
    wrap(app, "_handle_execute_api_request")(handle_execute_api_request)
    wrap(engine, "find_api_scope")(find_api_scope)
