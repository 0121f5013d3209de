"""How many batches of a queue are processed at a time.

AWS: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html (five at first, up to 300 more a minute
while messages are waiting, at most 1,000 or the maximum concurrency) and
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-backoff-strategy (failures
reduce it gradually). Engine: always five, or the maximum concurrency; a failure stopped the mapping for a second.
"""

import time
from dataclasses import dataclass, field

from ministack.services import lambda_svc

FIRST = 5
FEWEST = 2
MOST = 1000
MORE_PER_SECOND = 5.0


@dataclass
class Scale:
    """The number of batches that one mapping may have in the works."""

    level: float = FIRST
    _changed: float = field(default_factory=time.monotonic)

    def limit(self, maximum: int | None) -> int:
        """Return the number as of now; `maximum` is the mapping's own, None when it has none.

        An account's concurrency bounds it as well; the engine derives that from the host's memory.
        """
        account = lambda_svc._ACCOUNT_CONCURRENCY_CAP or MOST
        return int(min(self.level, maximum or MOST, max(account, FIRST)))

    def busy(self) -> None:
        """Grow, because all batches are in the works and more messages may be waiting."""
        now = time.monotonic()
        self.level = min(MOST, self.level + min(now - self._changed, 1.0) * MORE_PER_SECOND)
        self._changed = now

    def idle(self) -> None:
        """Return to where scaling starts, because no messages are waiting."""
        self.level, self._changed = min(self.level, FIRST), time.monotonic()

    def failed(self) -> None:
        """Back off."""
        self.level = max(FEWEST, self.level - 1)

    def succeeded(self) -> None:
        """Recover from backing off."""
        self.level = max(self.level, min(FIRST, self.level + 1))
