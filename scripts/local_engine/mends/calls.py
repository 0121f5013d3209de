"""Counts of the requests to every API, by account: how busy a program kept AWS.

AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Usage-Metrics.html
Engine: nothing of the kind.

`GET /_local/calls` - answers {"000000000000": {"ec2:CreateSnapshot": 2, "s3:PUT": 1}}; `DELETE` begins anew
"""

import json
import re
import threading
from collections import Counter, defaultdict
from typing import Any

from ministack import app
from ministack.core.responses import get_account_id

from scripts.local_engine.patching import Function, wrap
from scripts.local_engine.request import Request

PATH = "/_local/calls"
_SIGNED_FOR = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
_counts: dict[str, Counter[str]] = defaultdict(Counter)
_lock = threading.Lock()


def apply() -> None:
    """Apply the mends of this file."""
    wrap(app, "_handle_admin_config_request")(_tell)
    wrap(app, "_dispatch_service_request")(_count)


async def _tell(original: Function, path: str, method: str, body: bytes) -> Any:
    """Answer with the counts so far."""
    if path != PATH or method not in {"DELETE", "GET"}:
        return await original(path, method, body)
    with _lock:
        answer = json.dumps(_counts).encode()
        if method == "DELETE":
            _counts.clear()
    return 200, {"Content-Type": "application/json"}, answer


async def _count(original: Function, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any) -> Any:
    """Count a signed request; those of REST APIs by their method."""
    if signed := _SIGNED_FOR.search(headers.get("authorization", "")):
        _, _, operation = headers.get("x-amz-target", "").rpartition(".")
        asked = Request(body=b"" if signed[1] == "s3" else body)  # whose bodies are anything
        action = operation or asked.fields().get("Action") or method
        with _lock:
            _counts[get_account_id()][f"{signed[1]}:{action}"] += 1
    return await original(method, path, headers, body, *rest)
