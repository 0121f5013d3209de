"""EC2's request buckets, for those who say how large theirs are: AWS's own would make every test slow.

`POST /_local/ec2/rates {"DeleteVolume": {"burst": 100, "per_second": 5}}` - sets the buckets of every account and
region, full, and answers how many requests the ones before refused: {"DeleteVolume": 3}. `{}` takes them away.
"""

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ministack import app
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2.wire import Answer, Refusal
from scripts.local_engine.patching import Function, wrap

PATH = "/_local/ec2/rates"


@dataclass
class Bucket:
    """Tokens that requests take, and that come back with time."""

    burst: float
    per_second: float
    tokens: float = field(init=False)
    last: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def take(self) -> bool:
        """Take a token; return False when there is none."""
        now = time.monotonic()
        self.tokens = min(self.burst, self.tokens + (now - self.last) * self.per_second)
        self.last = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


_sizes: dict[str, dict[str, float]] = {}
_buckets: Any = AccountRegionScopedDict()
_refused: Counter[str] = Counter()


def apply() -> None:
    """Apply the mends of this file."""
    wrap(app, "_handle_admin_config_request")(_set)
    wrap(engine, "handle_request")(_pass)


async def _set(original: Function, path: str, method: str, body: bytes) -> Any:
    """Set the buckets. Engine: none at all."""
    if path != PATH or method != "POST":
        return await original(path, method, body)
    answer = json.dumps(_refused).encode()
    _refused.clear()
    _sizes.clear()
    _sizes.update(json.loads(body))
    _buckets._data.clear()
    return 200, {"Content-Type": "application/json"}, answer


async def _pass(original: Function, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any) -> Answer:
    """Refuse a request whose bucket is empty.

    AWS: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
    """
    text = body.decode() if isinstance(body, bytes) else body or ""
    operation = next((name for name in _sizes if f"Action={name}&" in f"{text}&"), None)
    if operation:
        bucket = _buckets.get(operation) or Bucket(**_sizes[operation])
        _buckets[operation] = bucket
        if not bucket.take():
            _refused[operation] += 1
            return Refusal("RequestLimitExceeded", "Request limit exceeded.", 503).answer()
    answer: Answer = await original(method, path, headers, body, *rest)
    return answer
