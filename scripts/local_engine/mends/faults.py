"""Injected faults: makes an API, or a Step Functions integration, fail a given number of times, as in real trouble.

AWS: AWS Fault Injection Service injects API errors for tests
(https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html). Engine: nothing of the kind; its mocked
integrations fail for ever or not at all, so a retry that succeeds could not be shown.

`POST /_local/faults {"resource": "arn:aws:states:::sns:publish", "error": "SNS.InternalErrorException", "times": 2}`
`POST /_local/faults {"resource": "dynamodb:PutItem", "error": "ThrottlingException", "times": 2}`
`POST /_local/faults {"resource": "ec2:RunInstances", "error": "InsufficientInstanceCapacity", "times": 1,
 "when": {"InstanceType": "t3.micro"}}` - only for requests with these parameters

APIs of the JSON protocols and of EC2 only. `status` sets another HTTP status than the error's own.
"""

import json
import re
import threading
from dataclasses import dataclass
from typing import Any

from ministack import app
from ministack.services import stepfunctions

from scripts.local_engine.mends.ec2.wire import Refusal
from scripts.local_engine.patching import Function, wrap
from scripts.local_engine.request import Request

PATH = "/_local/faults"
MESSAGE = f"injected through {PATH}"
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html#api-error-codes-table-server
SERVER_ERRORS = {
    "InsufficientInstanceCapacity": 500,
    "InternalError": 500,
    "InternalFailure": 500,
    "RequestLimitExceeded": 503,
    "ServiceUnavailable": 503,
    "Unavailable": 503,
}
_SIGNED_FOR = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
_lock = threading.Lock()


@dataclass
class Fault:
    """An error that the next `times` calls with the parameters `when` get."""

    resource: str
    error: str
    times: int
    when: dict[str, str]
    status: int


_armed: list[Fault] = []


def apply() -> None:
    """Apply the mends of this file."""
    wrap(app, "_handle_admin_config_request")(_arm)
    wrap(app, "_dispatch_service_request")(_refuse_request)
    wrap(stepfunctions, "_invoke_resource")(_fail_integration)


async def _arm(original: Function, path: str, method: str, body: bytes) -> Any:
    """Remember a fault."""
    if path != PATH or method != "POST":
        return await original(path, method, body)
    given = json.loads(body)
    with _lock:
        _armed.append(Fault(**{"when": {}, "status": SERVER_ERRORS.get(given["error"], 400), **given}))
    return 200, {"Content-Type": "application/json"}, b"{}"


async def _refuse_request(
    original: Function, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any
) -> Any:
    """Answer an API request with the armed error, in its protocol's form."""
    _, _, operation = headers.get("x-amz-target", "").rpartition(".")
    fields = Request(body=body).fields()
    scope = _SIGNED_FOR.search(headers.get("authorization", ""))
    fault = _due(f"{scope[1]}:{operation or fields.get('Action')}", fields) if scope else None
    if fault is None:
        return await original(method, path, headers, body, *rest)
    if not operation:
        return Refusal(fault.error, MESSAGE, fault.status).answer()
    answer = {"__type": fault.error, "message": MESSAGE}
    return fault.status, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(answer).encode()


def _fail_integration(original: Function, resource: str, input_data: Any) -> Any:
    """Fail as armed, before anything is done."""
    if fault := _due(resource, input_data if isinstance(input_data, dict) else {}):
        raise stepfunctions._ExecutionError(fault.error, MESSAGE)
    return original(resource, input_data)


def _due(resource: str, fields: dict[str, Any]) -> Fault | None:
    """Return the fault that a call meets, if any, and count it."""
    with _lock:
        for fault in _armed:
            if fault.resource == resource and fault.times > 0 and fault.when.items() <= fields.items():
                fault.times -= 1
                return fault
    return None
