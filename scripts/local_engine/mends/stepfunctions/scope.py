"""What runs in the current thread: an execution, the branch of it, and the event that came last in that branch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from ministack.services import stepfunctions as engine

type Execution = dict[str, Any]
type State = dict[str, Any]
type Context = dict[str, Any]
type Progress = dict[str, Any]


def redrives(execution: Execution) -> int:
    """Return how often an execution was redriven."""
    return int(execution.get("_redrives", 0))


class Stopped(Exception):
    """The branch was ended from outside: whatever it still does no longer counts."""


@dataclass
class Scope:
    """A chain of states: the execution's own, or a branch of a Parallel or Map state inside it.

    `progress` is what a redrive needs to know of it: `at`, the state it is in with its input and variables; `branches`,
    their progress by index while that state has some; `output`, once it has ended well. `resumed` is that of the
    attempt before, `resumed_branches` that of the branches of the state it goes on with.
    """

    execution: Execution
    parent: "Scope | None" = None
    previous: int = 0
    stopped: bool = False
    progress: Progress = field(default_factory=dict)
    resumed: Progress = field(default_factory=dict)
    resumed_branches: dict[int, Progress] = field(default_factory=dict)
    attempt: int = 0

    def __post_init__(self) -> None:
        self.attempt = redrives(self.execution)

    @property
    def over(self) -> bool:
        """Whether the execution, or this branch or one around it, has ended; a redrive is another attempt."""
        if self.stopped or self.execution["status"] != "RUNNING" or self.attempt != redrives(self.execution):
            return True
        return self.parent is not None and self.parent.over

    def go_on(self) -> None:
        """Raise Stopped when there is nothing to go on with."""
        if self.over:
            raise Stopped

    def branch(self, index: int, group: "Scope") -> "Scope":
        """Return the scope of a branch of the state that this one is in; `group` holds all of them."""
        progress: Progress = {}
        self.progress.setdefault("branches", {})[index] = progress
        resumed = self.resumed_branches.get(index, {})
        return Scope(self.execution, group, self.previous, progress=progress, resumed=resumed)


_current: ContextVar[Scope | None] = ContextVar("scope", default=None)

# Tells the history what the current task has started and now waits for.
submitted: ContextVar[Callable[[Any], None]] = ContextVar("submitted", default=lambda _: None)


def current() -> Scope | None:
    """Return the scope of this thread, None outside of an execution."""
    return _current.get()


def role() -> str:
    """Return the ARN of the role the current execution acts with, "" outside of one (TestState)."""
    scope = current()
    return str(machine(scope.execution)["roleArn"]) if scope else ""


@contextmanager
def entered(scope: Scope) -> Iterator[Scope]:
    """Make `scope` the current one of this thread and of those it starts with a copy of its context."""
    token = _current.set(scope)
    try:
        yield scope
    finally:
        _current.reset(token)


def machine(execution: Execution) -> dict[str, Any]:
    """Return the machine as it was when the execution started; one that was restored knows its ARN only."""
    found: dict[str, Any] = execution.get("_machine") or engine._state_machines.get(execution["stateMachineArn"]) or {}
    return found


def isolated(ctx: Context) -> Context:
    """Return a context for a branch: it sees all that is known so far, and what it assigns stays its own."""
    return {**ctx, "variables": dict(ctx["variables"])}


def failure(error: str, cause: str) -> Exception:
    """Return the exception with which the engine fails a state."""
    made: Exception = engine._ExecutionError(error, cause)
    return made
