"""Finds variables that a state may read before any state has assigned them."""

from collections.abc import Iterator

from scripts.asl.expressions import expressions, free_variables, problem
from scripts.asl.model import Json, Machine, children, transitions

type Known = dict[str, frozenset[str]]


def undefined(machine: Machine, inherited: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Yield (`graph.State`, variable) for each read that some path reaches without an assignment.

    A graph inside a state sees the variables around it, a distributed one sees none:
    https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
    """
    known = _known_on_entry(machine, inherited)
    for name, state in machine.states.items():
        sound = [text for text in expressions(state) if problem(text) is None]
        read = {variable for text in sound for variable in free_variables(text)}
        for variable in sorted(read - known.get(name, read)):
            yield f"{machine.name}.{name}", variable
        for body in children(state):
            inner = Machine(f"{machine.name}/{name}", body)
            yield from undefined(inner, frozenset() if inner.distributed else known.get(name, inherited))


def _known_on_entry(machine: Machine, inherited: frozenset[str]) -> Known:
    """Return, per reachable state, the variables assigned on every path to it: repeated until nothing shrinks."""
    known: Known = {machine.start: inherited}
    waiting = [machine.start]
    while waiting:
        name = waiting.pop()
        for target, assigned in _ways(machine.states.get(name, {})):
            arriving = known[name] | assigned
            merged = known[target] & arriving if target in known else arriving
            if merged != known.get(target):
                known[target] = merged
                waiting.append(target)
    return known


def _ways(state: Json) -> Iterator[tuple[str, frozenset[str]]]:
    for way in transitions(state):
        yield way.target, frozenset(way.assign)
