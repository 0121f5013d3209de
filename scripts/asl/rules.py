"""The rules every definition keeps beyond the language's own: bounded, reachable, retried, caught, and loud in failure.

A rule takes one graph and yields sentences that begin with the place; `problems` applies all of them everywhere.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from scripts.asl.expressions import FORBIDDEN, free_variables, problem, strings
from scripts.asl.model import Json, Machine, ends, machines, transitions, walk
from scripts.asl.variables import undefined

type Rule = Callable[[Machine], Iterator[str]]

NAME = re.compile(r"[A-Z][A-Za-z0-9]*\??")
PLACEHOLDER = re.compile(r"\$\{[a-z][a-z0-9_]*\}")
TOKEN = "$states.context.Task.Token"  # noqa: S105 - the name of a callback's token, not one
EVERYTHING = "States.ALL"
# Retrying these would repeat a mistake of ours, not overcome a fault that passes.
MISTAKES = {
    EVERYTHING,
    "States.Runtime",
    "States.DataLimitExceeded",
    "States.QueryEvaluationError",
    "States.Permissions",
}


def problems(definition: Machine, compensations: Mapping[str, str]) -> list[str]:
    """Return every broken rule of `definition`, one sentence each.

    `compensations` maps a place, `graph.State`, whose Catch may go on instead of failing, to the reason.
    """
    graphs = list(machines(definition))
    found = [sentence for graph in graphs for rule in RULES for sentence in rule(graph)]
    found += [f"{place}: ${name} may be read before it is assigned" for place, name in undefined(definition)]
    quiet = {place: sentence for graph in graphs for place, sentence in _unfailing(graph)}
    return found + [sentence for place, sentence in quiet.items() if place not in compensations]


def recovering(definition: Machine) -> set[str]:
    """Return the places whose Catch can go on without failing: what compensations may name."""
    return {place for graph in machines(definition) for place, _ in _unfailing(graph)}


def language(machine: Machine) -> Iterator[str]:
    """Require a whole definition to say how it reads expressions and when it gives up."""
    if machine.parent is None:
        if machine.body.get("QueryLanguage") != "JSONata":
            yield f"{machine.name}: QueryLanguage must be JSONata"
        if not _positive(machine.body.get("TimeoutSeconds")):
            yield f"{machine.name}: TimeoutSeconds is missing: the default is to wait for ever"


def names(machine: Machine) -> Iterator[str]:
    """Require names in PascalCase, with a question mark where a state asks, that occur once in the definition."""
    for name in machine.states:
        if not NAME.fullmatch(name):
            yield f"{machine.name}.{name}: a state's name is PascalCase, without spaces"
    counted = Counter(state.name for state in walk(machine.body)) if machine.parent is None else Counter()
    for name in sorted(name for name, count in counted.items() if count > 1):
        yield f"{machine.name}: several states are named {name}"


def paths(machine: Machine) -> Iterator[str]:
    """Require that every target exists, every state is reached, and the graph can end from each."""
    for name, state in machine.states.items():
        for way in transitions(state):
            if way.target not in machine.states:
                yield f"{machine.name}.{name}: goes to {way.target!r}, which is no state of this graph"
        if not any(ends(machine.states[reached]) for reached in machine.reachable(name)):
            yield f"{machine.name}.{name}: no end can be reached from here"
    for name in sorted(set(machine.states) - machine.reachable(machine.start)):
        yield f"{machine.name}.{name}: is never reached"


def time_limits(machine: Machine) -> Iterator[str]:
    """Require a time limit of each task, a heartbeat below it, and the token of one that waits to be called."""
    for where, state in _tasks(machine):
        limit = state.get("TimeoutSeconds")
        heartbeat = state.get("HeartbeatSeconds", 0)
        if not (_positive(limit) or isinstance(limit, str)):
            yield f"{where}: TimeoutSeconds is missing: the default is to wait for ever"
        elif isinstance(limit, int) and isinstance(heartbeat, int) and heartbeat >= limit:
            yield f"{where}: HeartbeatSeconds must be less than TimeoutSeconds"
        if str(state.get("Resource", "")).endswith(".waitForTaskToken") and not _mentions(state, TOKEN):
            yield f"{where}: waits for a token that its Arguments do not pass on ({TOKEN})"


def retries(machine: Machine) -> Iterator[str]:
    """Require that a task is tried again when a fault may pass: a few times, ever later, never in step with others."""
    for where, state in _tasks(machine):
        if not state.get("Retry"):
            yield f"{where}: has no Retry: transient errors happen"
        for retrier in state.get("Retry", []):
            if retrier.get("MaxAttempts") == 0:
                continue
            missing = [field for field in ("MaxAttempts", "MaxDelaySeconds") if not _positive(retrier.get(field))]
            missing += [] if retrier.get("JitterStrategy") == "FULL" else ["JitterStrategy FULL"]
            if missing:
                yield f"{where}: a Retry needs {' and '.join(missing)}"
            if repeated := MISTAKES.intersection(retrier.get("ErrorEquals", [])):
                yield f"{where}: a Retry on {', '.join(sorted(repeated))} repeats what cannot succeed"


def catches(machine: Machine) -> Iterator[str]:
    """Require that whatever a task throws is caught, by itself or by a state around it."""
    for where, state in _tasks(machine):
        if not (_catches_all(state) or _caught_outside(machine)):
            yield f"{where}: nothing catches its {EVERYTHING}"


def maps(machine: Machine) -> Iterator[str]:
    """Require a Map to say how many items it takes at a time; only a distributed one can read them from S3."""
    for name, state in machine.states.items():
        if state.get("Type") == "Map":
            if not (_positive(state.get("MaxConcurrency")) or isinstance(state.get("MaxConcurrency"), str)):
                yield f"{machine.name}.{name}: MaxConcurrency is missing: the default is all at once"
            if "ItemReader" in state and not Machine(name, state.get("ItemProcessor", {})).distributed:
                yield f"{machine.name}.{name}: only a DISTRIBUTED Map has an ItemReader"


def placeholders(machine: Machine) -> Iterator[str]:
    """Require what Terraform fills in to be a whole string, so that the file is JSON before and after."""
    for name, state in machine.states.items():
        for text in strings(state):
            if "${" in text and not PLACEHOLDER.fullmatch(text):
                yield f"{machine.name}.{name}: a placeholder is a whole string, not part of {text!r}"


def syntax(machine: Machine) -> Iterator[str]:
    """Require every expression to be one whole string that parses and evaluates no text as code."""
    for name, state in machine.states.items():
        for text in strings(state):
            if not text.startswith("{%") and not text.endswith("%}"):
                continue
            fault = (
                problem(text[2:-2]) if text.startswith("{%") and text.endswith("%}") else "it is not one whole string"
            )
            if fault:
                yield f"{machine.name}.{name}: {text!r} is no expression: {fault}"
            elif FORBIDDEN & free_variables(text[2:-2]):
                yield f"{machine.name}.{name}: Step Functions has no $eval"


RULES: tuple[Rule, ...] = (
    language,
    names,
    paths,
    time_limits,
    retries,
    catches,
    maps,
    placeholders,
    syntax,
)


def _tasks(machine: Machine) -> Iterator[tuple[str, Json]]:
    for name, state in machine.states.items():
        if state.get("Type") == "Task":
            yield f"{machine.name}.{name}", state


def _positive(value: object) -> bool:
    return isinstance(value, int) and value > 0


def _mentions(state: Json, text: str) -> bool:
    return any(text in found for found in strings(state.get("Arguments", {})))


def _catches_all(state: Json) -> bool:
    return any(EVERYTHING in catcher.get("ErrorEquals", []) for catcher in state.get("Catch", []))


def _caught_outside(machine: Machine) -> bool:
    return machine.parent is not None and (_catches_all(machine.owner) or _caught_outside(machine.parent))


def _unfailing(machine: Machine) -> Iterator[tuple[str, str]]:
    """Yield the place and the sentence of each Catch from which the graph can end other than in a Fail."""
    for name, state in machine.states.items():
        for way in transitions(state):
            if way.kind == "catch":
                reached = machine.reachable(way.target)
                quiet = sorted(end for end in reached if _ends_well(machine.states[end]))
                if quiet:
                    where = f"{machine.name}.{name}"
                    yield where, f"{where}: after {way.label} it can end in {', '.join(quiet)}, not in a Fail"


def _ends_well(state: Json) -> bool:
    return ends(state) and state.get("Type") != "Fail"
