"""Injected faults: makes a Step Functions integration fail a given number of times, as a service in trouble would.

AWS: AWS Fault Injection Service injects API errors for tests
(https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html). Engine: nothing of the kind; its mocked
integrations fail for ever or not at all, so a retry that succeeds could not be shown.

`POST /_local/faults {"resource": "arn:aws:states:::sns:publish", "error": "SNS.InternalErrorException", "times": 2}`
"""

import json
import threading
from collections import deque
from typing import Any

from ministack import app
from ministack.services import stepfunctions

from scripts.local_engine.patching import Function, wrap

PATH = "/_local/faults"
_armed: dict[str, deque[str]] = {}
_lock = threading.Lock()


def apply() -> None:
    """Apply the mends of this file."""
    wrap(app, "_handle_admin_config_request")(_arm)
    wrap(stepfunctions, "_invoke_resource")(_fail_if_armed)


async def _arm(original: Function, path: str, method: str, body: bytes) -> Any:
    """Remember that the next `times` calls of `resource` fail with `error`."""
    if path != PATH or method != "POST":
        return await original(path, method, body)
    fault = json.loads(body)
    with _lock:
        _armed.setdefault(fault["resource"], deque()).extend([fault["error"]] * fault["times"])
    return 200, {"Content-Type": "application/json"}, b"{}"


def _fail_if_armed(original: Function, resource: str, input_data: Any) -> Any:
    """Fail as armed, before anything is done."""
    with _lock:
        errors = _armed.get(resource)
        error = errors.popleft() if errors else None
    if error:
        raise stepfunctions._ExecutionError(error, f"injected through {PATH}")
    return original(resource, input_data)
