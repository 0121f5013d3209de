"""RunInstances: what template and request say together, once per client token."""

from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2 import capacity, instances, states, tokens, wire
from scripts.local_engine.mends.ec2.settings import Launch, launch
from scripts.local_engine.mends.ec2.wire import Refusal
from scripts.local_engine.patching import Function, wrap, wrap_entry


def apply() -> None:
    """Apply the mends of this file."""
    wrap_entry(engine._ACTION_MAP, "RunInstances")(run_instances)
    wrap(engine, "_docker_touched")(_runs_containers)


def run_instances(_original: Any, params: dict[str, Any]) -> wire.Answer:
    """Launch as many instances as asked for, or none at all; a token that was used gets its own instances again.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html,
    https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
    Engine: ignored launch template and token, took any image and any profile, and launched MinCount instances.
    """
    asked = launch(params)
    return _answer(tokens.once("RunInstances", asked.own, lambda: _new(asked)))


def _runs_containers(_original: Function) -> bool:
    """Say that instances here are no containers, whatever images are registered.

    Engine: took images of one's own for containers', and left the server's thread for them.
    """
    return False


def _new(asked: Launch) -> str:
    least, most = asked.own.get("MinCount", 1), asked.own.get("MaxCount", 1)
    if least > most:
        sentence = f"Value ({least}) for parameter minCount is invalid. Expected a value not above maxCount ({most})."
        raise Refusal("InvalidParameterValue", sentence)
    asked.check()
    capacity.check(asked.settings["InstanceType"])
    reservation = f"r-{engine._new_instance_id()[2:]}"
    for index in range(most):
        states.enter(instances.make(asked, reservation, index), "pending", "running")
    return reservation


def _answer(reservation: str) -> wire.Answer:
    members = [each for each in engine._instances.values() if each.get("ReservationId") == reservation]
    shown = [instances.shown(each) for each in members]
    result = {"ReservationId": reservation, "OwnerId": get_account_id(), "Groups": [], "Instances": shown}
    return wire.answer("RunInstances", result)
