"""The definition's own faults, found when a machine is validated, created or updated."""

import json
from collections.abc import Iterator
from typing import Any

from ministack.services import stepfunctions as engine

from scripts.local_engine.mends.stepfunctions.scope import State

_TYPES = {"Pass", "Task", "Choice", "Wait", "Parallel", "Map", "Succeed", "Fail"}
_ENDLESS = {"Choice", "Succeed", "Fail"}  # the types that need neither Next nor End


def faults(text: str) -> list[dict[str, str]]:
    """Return AWS's diagnostics for a definition, none when it is sound.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
    Engine: found every definition sound. This finds what would stop it from running, not matters of style.
    """
    try:
        definition = json.loads(text)
    except ValueError as error:
        return [_fault("INVALID_JSON_DESCRIPTION", f"Malformed JSON: {error}", "/")]
    found = list(_machine_faults(definition, ""))
    if jsonata := engine._validate_definition_jsonata(text):
        found.append(_fault("INVALID_JSONATA_EXPRESSION", jsonata, "/States"))
    return found


def states(machine: dict[str, Any]) -> Iterator[State]:
    """Yield every state of a machine, those inside Map and Parallel too."""
    for state in machine.get("States", {}).values():
        yield state
        for inner in _inner(state):
            yield from states(inner)


def _inner(state: State) -> list[dict[str, Any]]:
    processor = state.get("ItemProcessor") or state.get("Iterator")
    return [*state.get("Branches", []), *([processor] if processor else [])]


def _machine_faults(machine: dict[str, Any], path: str) -> Iterator[dict[str, str]]:
    known = machine.get("States")
    if not known:
        yield _fault("SCHEMA_VALIDATION_FAILED", "The field States is required and must not be empty", path or "/")
        return
    if machine.get("StartAt") not in known:
        yield _fault("MISSING_TRANSITION_TARGET", f"Missing 'Next' target: {machine.get('StartAt')}", f"{path}/StartAt")
    for name, state in known.items():
        yield from _state_faults(state, known, f"{path}/States/{name}")


def _state_faults(state: State, known: dict[str, State], path: str) -> Iterator[dict[str, str]]:
    kind = state.get("Type")
    if kind not in _TYPES:
        yield _fault("SCHEMA_VALIDATION_FAILED", f"Unknown state type: {kind}", f"{path}/Type")
    elif kind not in _ENDLESS and ("Next" in state) == bool(state.get("End")):
        yield _fault("SCHEMA_VALIDATION_FAILED", "A state has either Next or End", path)
    for field, target in _targets(state):
        if target not in known:
            yield _fault("MISSING_TRANSITION_TARGET", f"Missing 'Next' target: {target}", f"{path}/{field}")
    for field in {"Task": ["Resource"], "Choice": ["Choices"], "Parallel": ["Branches"]}.get(str(kind), []):
        if field not in state:
            yield _fault("SCHEMA_VALIDATION_FAILED", f"The field {field} is required", path)
    for inner in _inner(state):
        yield from _machine_faults(inner, path)


def _targets(state: State) -> Iterator[tuple[str, Any]]:
    for field in ("Next", "Default"):
        if field in state:
            yield field, state[field]
    for field in ("Choices", "Catch"):
        for index, entry in enumerate(state.get(field, [])):
            yield f"{field}[{index}]/Next", entry.get("Next")


def _fault(code: str, message: str, location: str) -> dict[str, str]:
    return {"severity": "ERROR", "code": code, "message": message, "location": location}
