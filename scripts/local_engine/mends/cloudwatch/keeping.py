"""Every data point is kept: services record them from threads of their own, while requests come in."""

import threading
import time
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch as engine

from scripts.local_engine.patching import Function, wrap

_EVICTION_SECONDS = 3600
_lock = threading.RLock()
_evicted: dict[tuple[str, str], float] = {}


def locked(original: Function, *arguments: Any, **options: Any) -> Any:
    """Let one thread at a time write metrics.

    AWS: a data point that was taken is kept for at least 15 days
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention).
    Engine: every request copied all lists of data points to leave out old ones; what was recorded meanwhile was lost,
    and so was the first of two first points of a metric.
    """
    with _lock:
        return original(*arguments, **options)


def evict(original: Function) -> None:
    """Drop what is too old once an hour for each account and region. Engine: at every request."""
    scope, now = (get_account_id(), get_region()), time.monotonic()
    if now - _evicted.get(scope, -_EVICTION_SECONDS) >= _EVICTION_SECONDS:
        _evicted[scope] = now
        locked(original)


def apply() -> None:
    """Mend the keeping of data points."""
    for name in ("record_metric", "_store_datum"):
        wrap(engine, name)(locked)
    wrap(engine, "_evict_old_metrics")(evict)
