"""One batch of a stream's records: invoked, divided, tried again and given up as the mapping says."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ministack.services import lambda_svc

from scripts.local_engine.mends.event_sources.answers import failed_items
from scripts.local_engine.mends.event_sources.polling import THROTTLED_SECONDS, Mapping
from scripts.local_engine.mends.event_sources.stream_failures import discard
from scripts.local_engine.mends.lambda_invoke import publish

FIRST_RETRY_SECONDS = 0.2  # AWS waits longer from retry to retry, too, without saying how long
LONGEST_RETRY_SECONDS = 2.0

type Records = list[dict[str, Any]]


class Stopped(Exception):
    """The mapping was disabled, changed or deleted before the records were settled."""


@dataclass(frozen=True)
class Batch:
    """Settles records in order; `checkpoint` is told the sequence number up to which all is settled."""

    mapping: Mapping
    checkpoint: Callable[[str], None]

    def settle(self, records: Records) -> None:
        """Return when every record has been processed or given up.

        AWS: https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html,
        https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html (retried from the lowest
        sequence number reported; with bisection, divided there), "splitting batches doesn't consume the retry quota".
        Engine: the same batch was tried again every second, for ever.
        Raises Stopped when the mapping is no longer in use.
        """
        attempts, throttled = 0, False
        while records:
            self._pause(attempts, throttled=throttled)
            result = self._invoke(records)
            throttled = bool(result.get("throttle"))
            first = self._first_failed(result, records)
            if first is None:
                return self._done(records)
            if first:  # what comes before is settled, and the rest is a batch of its own
                self._done(records[:first])
                records, attempts = records[first:], 0
                continue
            attempts += not throttled
            if self._too_old(records):
                return self._give_up(records, result, "MaxRecordAgeExceeded", attempts)
            if self.mapping.record.get("BisectBatchOnFunctionError") and len(records) > 1 and not throttled:
                middle = len(records) // 2
                self.settle(records[:middle])
                return self.settle(records[middle:])
            if 0 <= self._retries() < attempts:
                return self._give_up(records, result, "RetryAttemptsExhausted", attempts)
        return None

    def _pause(self, attempts: int, *, throttled: bool) -> None:
        seconds = min(FIRST_RETRY_SECONDS * 2 ** (attempts - 1), LONGEST_RETRY_SECONDS) if attempts else 0.0
        deadline = time.monotonic() + (THROTTLED_SECONDS if throttled else seconds)
        while self.mapping.wait_until(deadline):
            pass
        if not self.mapping.in_use():
            raise Stopped

    def _invoke(self, records: Records) -> dict[str, Any]:
        record, config = self.mapping.function()
        if record is None or config is None:
            raise Stopped
        age = time.time() - records[-1]["dynamodb"]["ApproximateCreationDateTime"]
        publish(config, {"IteratorAge": (max(age, 0) * 1000, "Milliseconds")})
        result: dict[str, Any] = lambda_svc._execute_function(record, {"Records": records})
        self.mapping.record["LastProcessingResult"] = "PROBLEM: Function call failed" if result.get("error") else "OK"
        return result

    def _first_failed(self, result: dict[str, Any], records: Records) -> int | None:
        """Return the index of the first record that is not settled, None when all are."""
        if result.get("error"):
            return 0
        if not self.mapping.reports_failures:
            return None
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        failed = failed_items(result.get("body"), numbers)
        return next((index for index, number in enumerate(numbers) if number in failed), None)

    def _too_old(self, records: Records) -> bool:
        limit = int(self.mapping.record.get("MaximumRecordAgeInSeconds") or -1)
        created: float = records[0]["dynamodb"]["ApproximateCreationDateTime"]
        return 0 < limit < time.time() - created

    def _retries(self) -> int:
        return int(self.mapping.record.get("MaximumRetryAttempts", -1))

    def _give_up(self, records: Records, result: dict[str, Any], why: str, attempts: int) -> None:
        discard(self.mapping, records, result, why, attempts)
        self._done(records)

    def _done(self, records: Records) -> None:
        self.checkpoint(records[-1]["dynamodb"]["SequenceNumber"])
