"""Small state machines for the engine's tests: made with a role of their own, run to their end, read back."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from scripts.aws import Client
from scripts.executions import history, wait_for_end

TRUST = "states.amazonaws.com"
SECONDS = 20


class Machines:
    """Makes machines whose role holds just the statements a test gives it."""

    def __init__(self, sfn: Client, make_role: Callable[..., str]) -> None:
        self.sfn = sfn
        self._make_role = make_role

    def make(self, states: dict[str, Any] | list[dict[str, Any]], *statements: dict[str, Any], **options: Any) -> str:
        """Return a JSONata machine's ARN; a list of states is a chain named A, B, C…; `top` joins the top level."""
        name = f"machine-{uuid4().hex[:12]}"
        made = self.sfn.create_state_machine(
            name=name,
            roleArn=self._make_role(*statements, trust=TRUST),
            definition=json.dumps(definition(states, **options.pop("top", {}))),
            **options,
        )
        arn: str = made["stateMachineArn"]
        return arn

    def run(self, machine: str, data: Any = None, name: str | None = None) -> dict[str, Any]:
        """Return DescribeExecution's answer once an execution of `machine` has ended."""
        named = {"name": name} if name else {}
        arn = self.sfn.start_execution(stateMachineArn=machine, input=json.dumps(data or {}), **named)["executionArn"]
        return wait_for_end(self.sfn, arn, SECONDS)

    def once(self, states: dict[str, Any] | list[dict[str, Any]], *statements: dict[str, Any], **options: Any) -> Any:
        """Make a machine and run it once on `data`."""
        data = options.pop("data", None)
        return self.run(self.make(states, *statements, **options), data)

    def events(self, execution: dict[str, Any]) -> list[dict[str, Any]]:
        """Return an execution's history."""
        return list(history(self.sfn, execution["executionArn"]))


def definition(states: dict[str, Any] | list[dict[str, Any]], **top: Any) -> dict[str, Any]:
    """Return a JSONata definition of the given states."""
    return {"QueryLanguage": "JSONata", **chain(states), **top}


def chain(states: dict[str, Any] | list[dict[str, Any]]) -> dict[str, Any]:
    """Return StartAt and States; a list becomes a chain of states named A, B, C…"""
    if isinstance(states, dict):
        return {"StartAt": next(iter(states)), "States": states}
    names = [chr(ord("A") + index) for index in range(len(states))]
    linked = {name: {**state} for name, state in zip(names, states, strict=True)}
    for name, following in zip(names, [*names[1:], None], strict=True):
        if linked[name]["Type"] not in ("Choice", "Succeed", "Fail"):
            linked[name].setdefault("Next", following) if following else linked[name].setdefault("End", True)
    return {"StartAt": "A", "States": linked}
