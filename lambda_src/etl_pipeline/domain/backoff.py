"""How long to wait before trying again: full jitter, so that many functions do not come back at the same moment."""

from collections.abc import Callable, Iterator
from itertools import count
from random import random

FIRST_SECONDS, LONGEST_SECONDS = 0.05, 5.0


def full_jitter(chance: Callable[[], float] = random) -> Iterator[float]:
    """Yield delays in seconds: each evenly spread between nothing and a bound that doubles up to five seconds.

    Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    for attempt in count():
        yield chance() * min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(attempt, 10))
