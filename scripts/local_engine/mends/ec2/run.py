"""RunInstances: what template and request say together, once per client token."""

from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id
from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2 import instances, states, wire
from scripts.local_engine.mends.ec2.settings import Launch, launch
from scripts.local_engine.mends.ec2.wire import Refusal
from scripts.local_engine.patching import wrap_entry

# What each client token asked for, and the reservation it got.
_reservations: Any = AccountRegionScopedDict()
_NOT_COMPARED = ("ClientToken", "DryRun")


def apply() -> None:
    """Apply the mends of this file."""
    wrap_entry(engine._ACTION_MAP, "RunInstances")(run_instances)


def run_instances(_original: Any, params: dict[str, Any]) -> wire.Answer:
    """Launch as many instances as asked for, or none at all; a token that was used gets its own instances again.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html,
    https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
    Engine: ignored launch template and token, took any image and any profile, and launched MinCount instances.
    """
    asked = launch(params)
    return _answer(_again(asked) or _new(asked))


def _compared(asked: Launch) -> dict[str, Any]:
    return {name: value for name, value in asked.own.items() if name not in _NOT_COMPARED}


def _again(asked: Launch) -> str | None:
    """Return the reservation that the request's token has, None for a new token."""
    before = _reservations.get(asked.own.get("ClientToken"))
    if before is None:
        return None
    parameters, reservation = before
    if parameters != _compared(asked):
        sentence = "The client token you have provided is associated with a resource that has different parameters"
        raise Refusal("IdempotentParameterMismatch", f"{sentence}.")
    return str(reservation)


def _new(asked: Launch) -> str:
    least, most = asked.own.get("MinCount", 1), asked.own.get("MaxCount", 1)
    if least > most:
        sentence = f"Value ({least}) for parameter minCount is invalid. Expected a value not above maxCount ({most})."
        raise Refusal("InvalidParameterValue", sentence)
    asked.check()
    reservation = f"r-{engine._new_instance_id()[2:]}"
    for index in range(most):
        states.enter(instances.make(asked, reservation, index), "pending", "running")
    if token := asked.own.get("ClientToken"):
        _reservations[token] = (_compared(asked), reservation)
    return reservation


def _answer(reservation: str) -> wire.Answer:
    members = [each for each in engine._instances.values() if each.get("ReservationId") == reservation]
    shown = [instances.shown(each) for each in members]
    result = {"ReservationId": reservation, "OwnerId": get_account_id(), "Groups": [], "Instances": shown}
    return wire.answer("RunInstances", result)
