"""Access logs: one line a call, in the stage's format, written with the account's role.

AWS: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
Engine: stored the settings and wrote nothing.
"""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from hashlib import md5
from typing import TYPE_CHECKING, Any

from ministack.services import cloudwatch_logs

from scripts.local_engine.authorization import role_allows
from scripts.local_engine.mends.apigateway import account

if TYPE_CHECKING:
    from scripts.local_engine.mends.apigateway.call import Call

_VARIABLE = re.compile(r"\$context((?:\.[A-Za-z]\w*)+)")
_EMPTY = "-"


def write(call: Call) -> None:
    """Write an answered call's line to the stage's log group, if the account's role may."""
    settings = call.settings().get("accessLogSettings") or {}
    destination = settings.get("destinationArn", "").removesuffix(":*")
    _, _, group = destination.partition(":log-group:")
    if group not in cloudwatch_logs._log_groups:
        return
    where = {"logGroupName": group, "logStreamName": _stream(call)}
    arn = f"{destination}:log-stream:{where['logStreamName']}"
    if where["logStreamName"] not in cloudwatch_logs._log_groups[group]["streams"]:
        if not _may("logs:CreateLogStream", arn):
            return
        cloudwatch_logs._create_log_stream(where)
    if _may("logs:PutLogEvents", arn):
        event = {"timestamp": int(time.time() * 1000), "message": line(settings.get("format", ""), variables(call))}
        cloudwatch_logs._put_log_events({**where, "logEvents": [event]})


def line(template: str, values: dict[str, Any]) -> str:
    """Fill in a format; a variable that has no value is a hyphen."""

    def value(found: re.Match[str]) -> str:
        known = values.get(found[1].lstrip("."))
        return _EMPTY if known in (None, "") else json.dumps(str(known))[1:-1]

    return _VARIABLE.sub(value, template)


def variables(call: Call) -> dict[str, Any]:
    """Return the variables of a call, those that AWS documents for methods without an authorizer of their own."""
    resource = call.resource or {}
    return {
        **{f"identity.{name}": value for name, value in call.identity.items()},
        **_integration(call),
        "accountId": call.account,
        "apiId": call.api_id,
        "domainName": call.headers.get("host"),
        "error.message": call.error_message,
        "error.messageString": json.dumps(call.error_message) if call.error_message else "",
        "error.responseType": call.error_type,
        "extendedRequestId": call.request_id,
        "httpMethod": call.method,
        "path": f"/{call.stage}{call.path}",
        "protocol": "HTTP/1.1",
        "requestId": call.request_id,
        "requestTime": f"{datetime.fromtimestamp(call.started, UTC):%d/%b/%Y:%H:%M:%S} +0000",
        "requestTimeEpoch": int(call.started * 1000),
        "resourceId": resource.get("id"),
        "resourcePath": resource.get("path"),
        "responseLatency": call.latency(),
        "responseLength": call.length,
        "stage": call.stage,
        "status": call.status,
        "xrayTraceId": call.trace.removeprefix("Root=").partition(";")[0] if ";Sampled=1" in call.trace else "",
    }


def _integration(call: Call) -> dict[str, Any]:
    """Return the integration's variables; AWS has two names for most of them."""
    answered = call.integration_status is not None and not call.integration_error
    return {
        "integration.error": call.integration_error,
        "integration.integrationStatus": call.status if answered else "",
        "integration.latency": call.integration_latency,
        "integration.status": call.integration_status,
        "integrationErrorMessage": call.integration_error,
        "integrationLatency": call.integration_latency,
        "integrationStatus": call.integration_status,
    }


def _stream(call: Call) -> str:
    return md5(f"{call.api_id}/{call.stage}".encode(), usedforsecurity=False).hexdigest()


def _may(action: str, arn: str) -> bool:
    role = account.logging_role()
    return bool(role and role_allows(role, action, arn, via="apigateway"))
