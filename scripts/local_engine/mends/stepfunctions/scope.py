"""What runs in the current thread: an execution, the branch of it, and the event that came last in that branch."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from ministack.services import stepfunctions as engine

type Execution = dict[str, Any]
type State = dict[str, Any]
type Context = dict[str, Any]


class Stopped(Exception):
    """The branch was ended from outside: whatever it still does no longer counts."""


@dataclass
class Scope:
    """A chain of states: the execution's own, or a branch of a Parallel or Map state inside it."""

    execution: Execution
    parent: "Scope | None" = None
    previous: int = 0
    stopped: bool = False

    @property
    def over(self) -> bool:
        """Whether the execution, or this branch or one around it, has ended."""
        if self.stopped or self.execution["status"] != "RUNNING":
            return True
        return self.parent is not None and self.parent.over

    def go_on(self) -> None:
        """Raise Stopped when there is nothing to go on with."""
        if self.over:
            raise Stopped


_current: ContextVar[Scope | None] = ContextVar("scope", default=None)


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
