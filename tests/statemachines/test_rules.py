"""Breaks a sound definition in one place at a time: each rule must notice, and say where."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.asl.model import Machine
from scripts.asl.rules import problems, recovering

type Json = dict[str, Any]

SOUND = (Path(__file__).parent / "sound.json").read_text()
QUIET = [{"ErrorEquals": ["States.ALL"], "Next": "OrderShipped"}]


def definition(change: Callable[[Json, Json], Any] = lambda _body, _states: None) -> Machine:
    """The sound definition after `change`, which gets it and its states."""
    body = json.loads(SOUND)
    change(body, body["States"])
    return Machine("order", body)


def test_the_sound_definition_has_no_problem() -> None:
    assert problems(definition(), {}) == []


BROKEN: dict[str, tuple[Callable[[Json, Json], Any], str]] = {
    "JSONPath": (lambda body, _: body.pop("QueryLanguage"), "order: QueryLanguage must be JSONata"),
    "no time limit": (lambda body, _: body.pop("TimeoutSeconds"), "order: TimeoutSeconds is missing"),
    "space in a name": (
        lambda body, states: (
            states.update({"Read order": states.pop("ReadOrder")}),
            body.update(StartAt="Read order"),
        ),
        "order.Read order: a state's name is PascalCase",
    ),
    "a name used twice": (
        lambda _, states: processor(states).update(ReadOrder=processor(states)["ShipItem"]),
        "order: several states are named ReadOrder",
    ),
    "unknown target": (
        lambda _, states: states["IsLarge?"].update(Default="Nowhere"),
        "order.IsLarge?: goes to 'Nowhere'",
    ),
    "unreached state": (
        lambda _, states: states.update(Lost={"Type": "Succeed"}),
        "order.Lost: is never reached",
    ),
    "no way out": (
        lambda _, states: states.update(OrderShipped={"Type": "Wait", "Seconds": 1, "Next": "OrderShipped"}),
        "order.OrderShipped: no end can be reached",
    ),
    "task without a time limit": (
        lambda _, states: processor(states)["ShipItem"].pop("TimeoutSeconds"),
        "order/ShipItems.ShipItem: TimeoutSeconds is missing",
    ),
    "callback without a time limit": (
        lambda _, states: states["AskForApproval"].pop("TimeoutSeconds"),
        "order.AskForApproval: TimeoutSeconds is missing",
    ),
    "heartbeat too rare": (
        lambda _, states: states["AskForApproval"].update(HeartbeatSeconds=300),
        "order.AskForApproval: HeartbeatSeconds must be less",
    ),
    "callback without its token": (
        lambda _, states: states["AskForApproval"].update(Arguments={"QueueUrl": "${approvals}"}),
        "order.AskForApproval: waits for a token",
    ),
    "no retry": (lambda _, states: states["ReadOrder"].pop("Retry"), "order.ReadOrder: has no Retry"),
    "retry in step": (
        lambda _, states: states["ReadOrder"]["Retry"][1].pop("JitterStrategy"),
        "order.ReadOrder: a Retry needs JitterStrategy FULL",
    ),
    "retry without bounds": (
        lambda _, states: [states["ReadOrder"]["Retry"][1].pop(name) for name in ("MaxAttempts", "MaxDelaySeconds")],
        "order.ReadOrder: a Retry needs MaxAttempts and MaxDelaySeconds",
    ),
    "retry on everything": (
        lambda _, states: states["ReadOrder"]["Retry"][1].update(ErrorEquals=["States.ALL"]),
        "order.ReadOrder: a Retry on States.ALL repeats",
    ),
    "no catch": (lambda _, states: states["ReadOrder"].pop("Catch"), "order.ReadOrder: nothing catches"),
    "no catch around the map": (
        lambda _, states: states["ShipItems"].pop("Catch"),
        "order/ShipItems.ShipItem: nothing catches",
    ),
    "failure that ends well": (
        lambda _, states: states["AskForApproval"].update(Catch=QUIET),
        "order.AskForApproval: after States.ALL it can end in OrderShipped",
    ),
    "map without bounds": (
        lambda _, states: states["ShipItems"].pop("MaxConcurrency"),
        "order.ShipItems: MaxConcurrency is missing",
    ),
    "inline map that reads": (
        lambda _, states: states["ShipItems"]["ItemProcessor"]["ProcessorConfig"].update(Mode="INLINE"),
        "order.ShipItems: only a DISTRIBUTED Map",
    ),
    "placeholder inside a string": (
        lambda _, states: states["ReadOrder"]["Arguments"].update(FunctionName="${read_order}:live"),
        "order.ReadOrder: a placeholder is a whole string",
    ),
    "expression that does not parse": (
        lambda _, states: states["OrderShipped"].update(Output="{% $order. %}"),
        "order.OrderShipped: '{% $order. %}' is no expression",
    ),
    "expression inside a string": (
        lambda _, states: states["OrderShipped"].update(Output="order {% $order %}"),
        "order.OrderShipped: 'order {% $order %}' is no expression",
    ),
    "eval": (
        lambda _, states: states["OrderShipped"].update(Output="{% $eval('1') %}"),
        "order.OrderShipped: Step Functions has no $eval",
    ),
    "variable that only some paths assign": (
        lambda _, states: states["OrderFailed"].update(Cause="{% $cause %}"),
        "order.OrderFailed: $cause may be read before it is assigned",
    ),
    "variable from outside a distributed map": (
        lambda _, states: processor(states)["ShipItem"].update(Output="{% $order.id %}"),
        "order/ShipItems.ShipItem: $order may be read before it is assigned",
    ),
}


def processor(states: Json) -> Json:
    """The states inside the Map."""
    inner: Json = states["ShipItems"]["ItemProcessor"]["States"]
    return inner


@pytest.mark.parametrize(("change", "sentence"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_noticed(change: Callable[[Json, Json], Any], sentence: str) -> None:
    found = problems(definition(change), {})
    assert any(problem.startswith(sentence) for problem in found), found


def test_a_compensation_may_end_well() -> None:
    compensating = definition(lambda _, states: states["AskForApproval"].update(Catch=QUIET))
    assert recovering(compensating) == {"order.AskForApproval"}
    assert problems(compensating, {"order.AskForApproval": "the order ships without approval at night"}) == []
