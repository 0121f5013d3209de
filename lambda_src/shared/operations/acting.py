"""Acts on a page of a plan, one resource after the other, so that any cut leaves something that can be continued."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from shared.operations.plan import Item

_MAX_REASON = 300


class Status(StrEnum):
    """How far an item is. PLANNED: nothing was done to it; ACTING: somebody is at it, or was cut off."""

    PLANNED = "PLANNED"
    ACTING = "ACTING"
    DONE = "DONE"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"

    @property
    def is_final(self) -> bool:
        """Whether a later attempt passes the item over."""
        return self in {Status.DONE, Status.SKIPPED, Status.FAILED}


class Skip(Exception):
    """The resource is no longer as it was planned, so it is left alone; the sentence says why."""


class Vanished(Skip):
    """The resource does not exist any more."""

    def __init__(self) -> None:
        super().__init__("vanished")


@dataclass(frozen=True)
class Claim:
    """What became of the wish to act on an item.

    `mine`: this attempt acts on it. `again`: an earlier attempt was cut off and may have done it. Otherwise the item is
    settled (`held_seconds` is 0), or somebody may be at it for `held_seconds` more.
    """

    mine: bool
    again: bool = False
    held_seconds: int = 0


class Ledger(Protocol):
    """Where a run remembers what it did; `adapters.ledger.Ledger` is one."""

    def claim(self, item: Item) -> Claim:
        """Claim an item, unless it is settled or somebody is at it."""

    def release(self, item: Item, *, begun: bool) -> None:
        """Leave an item to a later attempt; `begun` if this one may have done it."""

    def settle(self, item: Item, status: Status, reason: str, facts: Mapping[str, Any]) -> None:
        """Write an item's final status; `facts` are what a later step or the report needs."""


@dataclass(frozen=True)
class Progress:
    """How far a page is: if it is not `done`, it is to be run again, `wait_seconds` from now."""

    done: bool
    wait_seconds: int = 0

    def to_document(self) -> dict[str, Any]:
        """Return it as a step's answer."""
        return dict(vars(self))


@dataclass(frozen=True)
class Worker:
    """What acting needs besides the page. `is_transient` tells faults that pass by themselves."""

    ledger: Ledger
    pace: Callable[[], None]
    has_time: Callable[[], bool]
    is_transient: Callable[[Exception], bool]


@dataclass(frozen=True)
class Step:
    """What a step does to an item: `check` looks at the resource once more, right before `do` does it.

    Both raise `Skip` for what must be left alone. `do` returns facts for the ledger, and has to bear being called again
    after a cut. `gone_is_done`: a resource that vanished after an attempt was cut off was removed by that attempt.
    """

    check: Callable[[Item], None]
    do: Callable[[Item], Mapping[str, Any] | None]
    gone_is_done: bool = False


def act(worker: Worker, items: Iterable[Item], step: Step) -> Progress:
    """Act on each item that is not settled: claim it, look at it again, do it, settle it.

    An error of one item is its outcome (FAILED), and the rest goes on. But a fault that passes leaves the item to a
    later attempt and is raised.
    """
    held = 0
    for item in items:
        if not worker.has_time():
            return Progress(done=False)
        claim = worker.ledger.claim(item)
        held = max(held, claim.held_seconds)
        if claim.mine:
            _attempt(worker, item, step, again=claim.again)
    return Progress(not held, held)


def _attempt(worker: Worker, item: Item, step: Step, *, again: bool) -> None:
    status, reason, facts, begun = Status.DONE, item.reason, None, again
    try:
        worker.pace()
        step.check(item)
        begun = True
        facts = step.do(item)
    except Skip as skip:
        if again and step.gone_is_done and isinstance(skip, Vanished):
            reason += ", by an attempt that was cut off"
        else:
            status, reason = Status.SKIPPED, str(skip)
    except Exception as error:
        if worker.is_transient(error):
            worker.ledger.release(item, begun=begun)
            raise
        status, reason = Status.FAILED, f"{type(error).__name__}: {error}"
    worker.ledger.settle(item, status, reason[:_MAX_REASON], facts or {})
