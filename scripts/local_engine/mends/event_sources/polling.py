"""What pollers of queues and of streams have in common: the mappings in use, and their function."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ministack.core.concurrency import esm_wake, spawn_background
from ministack.core.responses import request_scope
from ministack.services import lambda_svc

from scripts.local_engine.mends.event_sources.permissions import may_poll
from scripts.local_engine.patching import Function

REPORT_FAILURES = "ReportBatchItemFailures"
THROTTLED_SECONDS = 0.5


@dataclass(frozen=True)
class Mapping:
    """An event source mapping: the engine's record of it, which changes as the API changes it."""

    record: dict[str, Any]

    @property
    def key(self) -> str:
        """The mapping's id."""
        return str(self.record["UUID"])

    @property
    def source(self) -> str:
        """The ARN of the queue or the stream."""
        return str(self.record["EventSourceArn"])

    @property
    def batch_size(self) -> int:
        """How many records an invocation gets at most."""
        return int(self.record["BatchSize"])

    @property
    def window(self) -> float:
        """For how many seconds a batch is gathered."""
        return float(self.record.get("MaximumBatchingWindowInSeconds") or 0)

    @property
    def reports_failures(self) -> bool:
        """Whether the function's answer may name the records that failed."""
        return REPORT_FAILURES in (self.record.get("FunctionResponseTypes") or [])

    def exists(self) -> bool:
        """Say whether the mapping has not been deleted."""
        return bool(lambda_svc._esms.get(self.key) is self.record)

    def in_use(self) -> bool:
        """Say whether the mapping exists, and is enabled."""
        return self.exists() and bool(self.record.get("Enabled", True))

    def function(self) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """Return the record and the configuration behind the alias or version, as of now; None when it is gone."""
        name, qualifier = self.record["FunctionName"], self.record.get("Qualifier")
        found: tuple[Any, Any] = lambda_svc._get_func_record_for_qualifier(name, qualifier)
        return found

    def wait_until(self, deadline: float) -> bool:
        """Sleep a little, unless `deadline` (of time.monotonic) has come or the mapping is no longer in use."""
        left = deadline - time.monotonic()
        if left <= 0 or not self.in_use():
            return False
        time.sleep(min(left, 0.05))
        return True


def each_mapping(service: str) -> Iterator[Mapping]:
    """Yield the mappings of `service` (sqs or dynamodb) that may poll now, each within its account and region."""
    for (account, region, _), record in list(lambda_svc._esms._data.items()):
        with request_scope(account, region):
            mapping = Mapping(record)
            if f":{service}:" in mapping.source and _is_due(mapping):
                yield mapping


def _is_due(mapping: Mapping) -> bool:
    if not mapping.in_use() or lambda_svc._esm_backoff_until.get(mapping.key, 0) > time.time():
        return False
    _, config = mapping.function()
    return config is not None and may_poll(mapping.record, config["Role"])


class Slots:
    """Counts the batches in the works, by the mapping's id."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}
        self._lock = threading.Lock()

    def taken(self, key: str) -> int:
        """Return how many batches of a mapping are in the works."""
        return self._taken.get(key, 0)

    def run(self, key: str, work: Function, *arguments: Any) -> None:
        """Work on a batch in the background; the poller looks again when it is done."""

        def task() -> None:
            try:
                work(*arguments)
            finally:
                self._add(key, -1)
                esm_wake.set()

        self._add(key, 1)
        spawn_background(task, thread_name="event-source")

    def _add(self, key: str, number: int) -> None:
        with self._lock:
            self._taken[key] = self._taken.get(key, 0) + number
