"""Keeps a step to EC2's token buckets, so that it does not take the whole account's requests away."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_WHOLE = 1 - 1e-6  # a token, but for what adding up parts of it loses

type Clock = Callable[[], float]


@dataclass(frozen=True)
class Rate:
    """A token bucket: requests that may be made at once, and those that each second adds."""

    burst: float
    per_second: float

    def share(self, workers: int, parts: int) -> "Rate":
        """Return what one of `parts` parts may use while `workers` of them are worked on at a time.

        All the parts together then keep to the bucket: a burst is not there again for each part.
        """
        return Rate(self.burst / max(parts, 1), self.per_second / max(min(workers, parts), 1))


# Of an account in a region. https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
BUCKETS = {
    "CopySnapshot": Rate(100, 5),
    "CreateSnapshot": Rate(100, 5),
    "CreateSnapshots": Rate(100, 5),
    "CreateTags": Rate(100, 10),
    "DeleteSnapshot": Rate(100, 5),
    "DeleteTags": Rate(100, 10),
    "DeleteVolume": Rate(100, 5),
    "Publish": Rate(100, 100),  # SNS has more in every region: https://docs.aws.amazon.com/general/latest/gr/sns.html
    "StartInstances": Rate(5, 2),
    "StopInstances": Rate(1000, 20),
}
# https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
LOOKUP_EVENTS = Rate(2, 2)


def rate_of(action: str, rates: Mapping[str, Mapping[str, float]] | None = None) -> Rate:
    """Return an API action's bucket; `rates`, of the settings, has those that AWS has changed for the account."""
    own = (rates or {}).get(action)
    return Rate(float(own["burst"]), float(own["per_second"])) if own else BUCKETS[action]


class Pace:
    """Lets requests through as the bucket allows; call it before each."""

    def __init__(self, rate: Rate, clock: Clock = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
        self._rate, self._clock, self._sleep = rate, clock, sleep
        self._tokens, self._filled_at = rate.burst, clock()

    def __call__(self) -> None:
        """Take a token; sleep until there is one."""
        self._fill()
        while self._tokens < _WHOLE:
            self._sleep((1 - self._tokens) / self._rate.per_second)
            self._fill()
        self._tokens -= 1

    def _fill(self) -> None:
        now = self._clock()
        grown = self._tokens + (now - self._filled_at) * self._rate.per_second
        self._tokens, self._filled_at = min(max(self._rate.burst, 1), grown), now
