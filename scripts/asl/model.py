"""A state machine's definition as graphs of states: what the rules, the diagrams and the coverage table walk over.

https://states-language.net/ is the language's specification.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

type Json = dict[str, Any]

SUFFIX = ".asl.json"
TERMINAL_TYPES = ("Succeed", "Fail")


@dataclass(frozen=True)
class Transition:
    """One way out of a state: `kind` is next, default, choice or catch.

    `label` is the choice's condition or the caught errors; `assign` are the variables that this way sets.
    """

    target: str
    kind: str = "next"
    label: str = ""
    assign: Json = field(default_factory=dict)


@dataclass(frozen=True)
class State:
    """One state, wherever it lies; its name is unique in the whole definition."""

    name: str
    body: Json


@dataclass(frozen=True)
class Machine:
    """One graph of states: a whole definition, a branch of a Parallel or the processor of a Map.

    `name` is the definition's name, then the states around this graph: `etl_pipeline/ProcessChunks`.
    `parent` and `owner` are the graph and the state it lies in; None and {} for a whole definition.
    """

    name: str
    body: Json
    parent: "Machine | None" = None
    owner: Json = field(default_factory=dict)

    @property
    def start(self) -> str:
        """The name of the first state."""
        return str(self.body.get("StartAt", ""))

    @property
    def states(self) -> dict[str, Json]:
        """The states of this graph alone, by name."""
        states: dict[str, Json] = self.body.get("States", {})
        return states

    @property
    def distributed(self) -> bool:
        """Whether each item runs as an execution of its own, which sees no variable from outside."""
        config = self.body.get("ProcessorConfig", {})
        return bool(config.get("Mode") == "DISTRIBUTED")

    def reachable(self, *starts: str) -> set[str]:
        """Return the names of `starts` and of every state that can follow them in this graph."""
        found: set[str] = set()
        waiting = [start for start in starts if start in self.states]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                ways = transitions(self.states[name])
                waiting += [way.target for way in ways if way.target in self.states]
        return found


def load(path: Path) -> Machine:
    """Return the definition in `path`, named like the file. Raises json.JSONDecodeError."""
    return Machine(path.name.removesuffix(SUFFIX), json.loads(path.read_text()))


def definitions(folder: Path) -> list[Machine]:
    """Return every definition in `folder`, by name."""
    return [load(path) for path in sorted(folder.glob(f"*{SUFFIX}"))]


def machines(machine: Machine) -> Iterator[Machine]:
    """Yield `machine` and every graph inside it, outer ones first."""
    yield machine
    for name, state in machine.states.items():
        for number, body in enumerate(children(state), 1):
            branch = str(number) if "Branches" in state else ""
            yield from machines(Machine(f"{machine.name}/{name}{branch}", body, machine, state))


def walk(definition: Json) -> Iterator[State]:
    """Yield every state of `definition`, those inside Map and Parallel states included."""
    for machine in machines(Machine("", definition)):
        for name, body in machine.states.items():
            yield State(name, body)


def children(state: Json) -> list[Json]:
    """Return the graphs that lie in `state`: a Parallel's branches, a Map's processor."""
    processors = [state[key] for key in ("ItemProcessor", "Iterator") if key in state]
    return [*state.get("Branches", []), *processors]


def transitions(state: Json) -> list[Transition]:
    """Return every way out of `state`, in the order in which they are tried."""
    assign = state.get("Assign", {})
    choices = [
        Transition(choice.get("Next", ""), "choice", str(choice.get("Condition", "")), choice.get("Assign", {}))
        for choice in state.get("Choices", [])
    ]
    default = [Transition(state["Default"], "default", "", assign)] if "Default" in state else []
    following = [Transition(state["Next"], "next", "", assign)] if "Next" in state else []
    caught = [
        Transition(catcher.get("Next", ""), "catch", ", ".join(catcher["ErrorEquals"]), catcher.get("Assign", {}))
        for catcher in state.get("Catch", [])
    ]
    return [*choices, *default, *following, *caught]


def ends(state: Json) -> bool:
    """Return whether the graph can end with `state`."""
    return bool(state.get("End")) or state.get("Type") in TERMINAL_TYPES
