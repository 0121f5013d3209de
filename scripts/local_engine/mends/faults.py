"""Injected faults: makes an API, or a Step Functions integration, fail a given number of times, as in real trouble.

An integration can be given a `result` in place of an error, too, so that a test of what comes late in a long machine
need not wait for what comes before; AWS: mocked integrations of TestState
(https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html).

AWS: AWS Fault Injection Service injects API errors for tests
(https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html). Engine: nothing of the kind; its mocked
integrations fail for ever or not at all, so a retry that succeeds could not be shown.

`POST /_local/faults {"resource": "arn:aws:states:::sns:publish", "error": "SNS.InternalErrorException", "times": 2}`
`POST /_local/faults {"resource": "dynamodb:PutItem", "error": "ThrottlingException", "times": 2}`
`POST /_local/faults {"resource": "arn:aws:states:::codebuild:startBuild.sync", "result": {"Build": {}}, "times": 1}`
`POST /_local/faults {"resource": "ec2:RunInstances", "error": "InsufficientInstanceCapacity", "times": 1,
 "when": {"InstanceType": "t3.micro"}}` - only for requests with these parameters

APIs of the JSON protocols and of EC2 only. `status` sets another HTTP status than the error's own; `seconds` lets an
API take that long to answer, without an `error` as it always does. `GET` tells which faults are still to come, and how
often; `DELETE` forgets them.
"""

import asyncio
import json
import re
import threading
from dataclasses import asdict, dataclass, field
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
    """What the next `times` calls with the parameters `when` meet: an error, a result, or a long wait."""

    resource: str
    times: int
    error: str = ""
    when: dict[str, str] = field(default_factory=dict)
    status: int = 400
    seconds: float = 0
    result: Any = None


_armed: list[Fault] = []


def apply() -> None:
    """Apply the mends of this file."""
    wrap(app, "_handle_admin_config_request")(_arm)
    wrap(app, "_dispatch_service_request")(_refuse_request)
    wrap(stepfunctions, "_invoke_resource")(_fail_integration)


async def _arm(original: Function, path: str, method: str, body: bytes) -> Any:
    """Remember a fault, tell of those that are left, or forget them."""
    if path != PATH or method not in {"DELETE", "GET", "POST"}:
        return await original(path, method, body)
    with _lock:
        if method == "POST":
            given = json.loads(body)
            _armed.append(Fault(**{"status": SERVER_ERRORS.get(given.get("error"), 400), **given}))
        left = [asdict(fault) for fault in _armed if fault.times]
        if method == "DELETE":
            _armed.clear()
    return 200, {"Content-Type": "application/json"}, json.dumps(left).encode()


async def _refuse_request(
    original: Function, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any
) -> Any:
    """Answer an API request with the armed error, in its protocol's form."""
    _, _, operation = headers.get("x-amz-target", "").rpartition(".")
    fields = Request(body=body).fields()
    scope = _SIGNED_FOR.search(headers.get("authorization", ""))
    fault = due(f"{scope[1]}:{operation or fields.get('Action')}", fields) if scope else None
    if not fault or not fault.error:
        answer = await original(method, path, headers, body, *rest)
        await asyncio.sleep(fault.seconds if fault else 0)  # it was authorized and done; what is late is the answer
        return answer
    await asyncio.sleep(fault.seconds)
    if not operation:
        return Refusal(fault.error, MESSAGE, fault.status).answer()
    answer = {"__type": fault.error, "message": MESSAGE}
    return fault.status, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(answer).encode()


def _fail_integration(original: Function, resource: str, input_data: Any) -> Any:
    """Fail or answer as armed, before anything is done."""
    fault = due(resource, input_data if isinstance(input_data, dict) else {})
    if fault is None:
        return original(resource, input_data)
    if fault.error:
        raise stepfunctions._ExecutionError(fault.error, MESSAGE)
    return fault.result


def due(resource: str, fields: dict[str, Any]) -> Fault | None:
    """Return the fault that a call with the given parameters meets, if any, and count it."""
    with _lock:
        for fault in _armed:
            if fault.resource == resource and fault.times > 0 and fault.when.items() <= fields.items():
                fault.times -= 1
                return fault
    return None
