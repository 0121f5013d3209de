"""Waits for what the engine does in the background."""

import time
from collections.abc import Callable

DAY = 1.0  # seconds that a day of a rotation's schedule lasts in the tests' engine
MINUTE = 1.0  # seconds that a minute of an alarm lasts in the tests' engine


def until[T](probe: Callable[[], T], seconds: float = 10) -> T:
    """Return the first true value of `probe`; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := probe()):
        assert time.monotonic() < deadline, f"nothing within {seconds} s"
        time.sleep(0.05)
    return found
