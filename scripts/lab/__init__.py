"""The fault lab: breaks the running local environment on purpose, has the doctor say why, applies its cure.

`catalogue` lists the variants, one module for each of the five classic faults; `course` takes one of them from healthy
to healthy. Whatever a variant changes goes through `kept`, which puts it back and proves that it did.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scripts.stage import StoryError


class LabError(StoryError):
    """A variant did not go as it should; the message says at which step, and what was seen."""


@contextmanager
def kept[State](what: str, read: Callable[[], State], write: Callable[[State], object]) -> Iterator[State]:
    """Yield what `read` returns, and `write` it back at the end, whatever was changed meanwhile.

    Raises LabError when `read` returns something else then.
    """
    before = read()
    try:
        yield copy.deepcopy(before)
    finally:
        write(copy.deepcopy(before))
    if (after := read()) != before:
        raise LabError(f"{what} was not put back: it was {before}, and is {after}")
