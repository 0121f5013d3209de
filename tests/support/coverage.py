"""State coverage: which states, Retry and Catch branches of a machine its executions went through.

The source is what Step Functions writes to the machine's log group at level ALL: it holds the child executions of a
distributed Map too, and is the same for STANDARD and EXPRESS machines.
https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from scripts.asl import walk
from scripts.aws import Client

type Event = dict[str, Any]
FAILURES = ("Failed", "TimedOut", "Aborted")


@dataclass(frozen=True)
class Branch:
    """A state (`kind` "state"), or one entry of its Retry or Catch list."""

    state: str
    kind: str
    errors: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.state} {self.label}"

    @property
    def label(self) -> str:
        """What it is besides its state: `entered`, or the kind and the first of its errors."""
        more = ", …" if len(self.errors) > 1 else ""
        return "entered" if self.kind == "state" else f"{self.kind} {self.errors[0]}{more}"


def branches(definition: dict[str, Any]) -> Iterator[Branch]:
    """Yield everything in `definition` that a test should go through."""
    for state in walk(definition):
        yield Branch(state.name, "state")
        for kind in ("Retry", "Catch"):
            for entry in state.body.get(kind, []):
                yield Branch(state.name, kind, tuple(entry["ErrorEquals"]))


def log_events(logs: Client, group: str) -> list[Event]:
    """Return the events of every execution that logged to `group`."""
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    return [json.loads(record["message"]) for page in pages for record in page["events"]]


def visited(definition: dict[str, Any], events: Iterable[Event]) -> Counter[Branch]:
    """Count how often `events` went through each branch of `definition`."""
    bodies = {state.name: state.body for state in walk(definition)}
    executions: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        executions[event["execution_arn"]].append(event)
    counted: Counter[Branch] = Counter()
    for of_one in executions.values():
        counted.update(_of_execution(bodies, sorted(of_one, key=lambda event: int(event["id"]))))
    return counted


def _parallels(bodies: dict[str, Any]) -> dict[str, str]:
    """Return the Parallel state around each state that is in one, by name; the innermost."""
    return {
        inner.name: name
        for name, body in bodies.items()
        for branch in body.get("Branches", [])
        for inner in walk(branch)
    }


def _of_execution(bodies: dict[str, Any], events: list[Event]) -> Iterator[Branch]:
    around = _parallels(bodies)
    where: dict[str, str] = {}  # event id -> the state it belongs to
    failed: dict[str, str] = {}  # state -> the error it last failed with, until we know what became of it
    for event in events:
        kind, details = event["type"], event.get("details") or {}
        if kind.endswith("StateEntered"):
            yield Branch(details["name"], "state")
            came_from = where.get(event["previous_event_id"], "")
            if (error := failed.pop(came_from, None)) is not None:
                yield from _entry(bodies, came_from, "Catch", error, details["name"])
            where[event["id"]] = details["name"]
            continue
        inner = state = where.get(event["previous_event_id"], "")
        if kind == "ParallelStateFailed":  # it follows what failed in one of its branches
            state = around.get(inner, inner)
        where[event["id"]] = state
        if not state:
            continue
        if kind.endswith(FAILURES) and not kind.startswith("Execution"):
            failed[state] = details.get("error") or failed.get(inner) or "States.Timeout"
        elif kind.endswith(("Scheduled", "MapRunStarted")) and state in failed:
            yield from _entry(bodies, state, "Retry", failed.pop(state))


def _entry(bodies: dict[str, Any], state: str, kind: str, error: str, target: str | None = None) -> Iterator[Branch]:
    """Yield the first entry of the state's Retry or Catch list that matches `error`, as Step Functions does."""
    for entry in bodies[state].get(kind, []):
        if _matches(entry["ErrorEquals"], error):
            if target in (None, entry.get("Next")):
                yield Branch(state, kind, tuple(entry["ErrorEquals"]))
            return


def _matches(names: list[str], error: str) -> bool:
    """Tell whether an ErrorEquals list names `error`; States.TaskFailed is every error but a time-out."""
    return error in names or "States.ALL" in names or ("States.TaskFailed" in names and error != "States.Timeout")
