"""How long to wait before trying again: full jitter, so that many functions do not come back at the same moment."""

from collections.abc import Callable, Iterator
from itertools import count
from random import random

FIRST_SECONDS, LONGEST_SECONDS = 0.05, 5.0
_MOST_DOUBLINGS = 20


def jittered(attempt: int, first: float, longest: float, chance: Callable[[], float] = random) -> float:
    """Return a delay evenly spread between nothing and a bound: `first`, doubled `attempt` times, `longest` at most.

    Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    return chance() * min(longest, first * 2.0 ** min(attempt, _MOST_DOUBLINGS))


def full_jitter(chance: Callable[[], float] = random) -> Iterator[float]:
    """Yield delays in seconds, whose bound doubles up to five seconds."""
    return (jittered(attempt, FIRST_SECONDS, LONGEST_SECONDS, chance) for attempt in count())
