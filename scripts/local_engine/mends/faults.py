"""Injected faults: makes an API, or a Step Functions integration, fail a given number of times, as in real trouble.

AWS: AWS Fault Injection Service injects API errors for tests
(https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html). Engine: nothing of the kind; its mocked
integrations fail for ever or not at all, so a retry that succeeds could not be shown.

`POST /_local/faults {"resource": "arn:aws:states:::sns:publish", "error": "SNS.InternalErrorException", "times": 2}`
`POST /_local/faults {"resource": "dynamodb:PutItem", "error": "ThrottlingException", "times": 2}` (JSON protocols only)
"""

import json
import re
import threading
from collections import deque
from typing import Any

from ministack import app
from ministack.services import stepfunctions

from scripts.local_engine.patching import Function, wrap

PATH = "/_local/faults"
_SIGNED_FOR = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
_armed: dict[str, deque[str]] = {}
_lock = threading.Lock()


def apply() -> None:
    """Apply the mends of this file."""
    wrap(app, "_handle_admin_config_request")(_arm)
    wrap(app, "_dispatch_service_request")(_refuse_request)
    wrap(stepfunctions, "_invoke_resource")(_fail_integration)


async def _arm(original: Function, path: str, method: str, body: bytes) -> Any:
    """Remember that the next `times` calls of `resource` fail with `error`."""
    if path != PATH or method != "POST":
        return await original(path, method, body)
    fault = json.loads(body)
    with _lock:
        _armed.setdefault(fault["resource"], deque()).extend([fault["error"]] * fault["times"])
    return 200, {"Content-Type": "application/json"}, b"{}"


async def _refuse_request(
    original: Function, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any
) -> Any:
    """Answer an API request with the armed error, in the JSON protocols' form."""
    _, _, operation = headers.get("x-amz-target", "").rpartition(".")
    scope = _SIGNED_FOR.search(headers.get("authorization", ""))
    error = _armed_error(f"{scope[1]}:{operation}") if scope and operation else None
    if error is None:
        return await original(method, path, headers, body, *rest)
    answer = {"__type": error, "message": f"injected through {PATH}"}
    return 400, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(answer).encode()


def _fail_integration(original: Function, resource: str, input_data: Any) -> Any:
    """Fail as armed, before anything is done."""
    if error := _armed_error(resource):
        raise stepfunctions._ExecutionError(error, f"injected through {PATH}")
    return original(resource, input_data)


def _armed_error(resource: str) -> str | None:
    with _lock:
        errors = _armed.get(resource)
        return errors.popleft() if errors else None
