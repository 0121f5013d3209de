"""Instance states: they take time, are told to EventBridge, and not every operation goes with every state."""

import asyncio
import json
import os
from collections.abc import Callable
from typing import Any

from ministack.services import ec2 as engine
from ministack.services import eventbridge

from scripts.local_engine.mends.ec2 import capacity, instances, volume_keys, wire
from scripts.local_engine.mends.ec2.settings import arn
from scripts.local_engine.mends.ec2.wire import Refusal
from scripts.local_engine.patching import wrap_entry

SECONDS = float(os.environ.get("ENGINE_TIME_INSTANCE_STATE_SECONDS", "0.5"))  # AWS: seconds to minutes
CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}

_NO_KEY = {"Code": "Client.InternalError", "Message": "Client.InternalError: Client error on launch"}

type Instance = dict[str, Any]


def apply() -> None:
    """Apply the mends of this file."""
    for operation, change in (("StartInstances", start), ("StopInstances", stop), ("TerminateInstances", terminate)):
        wrap_entry(engine._ACTION_MAP, operation)(change)


def enter(instance: Instance, state: str, *then: str) -> None:
    """Put an instance into a state, tell EventBridge, and go on to the next states with a pause before each.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html,
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html
    A start is a launch anew, and why an instance does not run is told in words
    (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html).
    Engine: the last state at once, and no event.
    """
    instance["State"] = {"Code": CODES[state], "Name": state}
    if state == "pending":
        instance |= {"LaunchTime": engine._now_ts(), "StateTransitionReason": ""}
    elif state in {"stopping", "shutting-down"}:
        when = engine.time.strftime("%Y-%m-%d %H:%M:%S GMT", engine.time.gmtime())
        instance["StateTransitionReason"] = f"User initiated ({when})"
    if state == "terminated":
        instances.release(instance)
    entry = {
        "Source": "aws.ec2",
        "DetailType": "EC2 Instance State-change Notification",
        "Detail": json.dumps({"instance-id": instance["InstanceId"], "state": state}),
        "Resources": [arn("instance", instance["InstanceId"])],
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    if then:  # on the server's own thread, in the request's account and region
        asyncio.get_running_loop().call_later(SECONDS, _go_on, instance, state, *then)


def _go_on(instance: Instance, left: str, *then: str) -> None:
    """Enter the next state, unless the instance has been sent elsewhere in the meantime."""
    if instance["State"]["Name"] == left:
        enter(instance, *(("stopped",) if instance.get("StateReason") == _NO_KEY else then))


def start(_original: Any, params: dict[str, Any]) -> wire.Answer:
    """Start stopped instances, of types that there is room for; without the keys of its volumes one stops again.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StartInstances.html - IncorrectInstanceState from
    any other state but pending and running. Engine: started even what was terminated.
    """
    chosen = [_existing(each) for each in wire.request("StartInstances", params).get("InstanceIds", [])]
    for each in chosen:
        capacity.check(each["InstanceType"])
    answer = _change("StartInstances", params, ("stopped",), ("pending", "running"), "started")
    for each in chosen:
        each["StateReason"] = None if volume_keys.may_be_lent(each) else _NO_KEY
    return answer


def stop(_original: Any, params: dict[str, Any]) -> wire.Answer:
    """Stop running instances.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html - IncorrectInstanceState from
    any other state but stopping and stopped. Engine: stopped even what was terminated.
    """
    return _change("StopInstances", params, ("running",), ("stopping", "stopped"), "stopped")


def terminate(_original: Any, params: dict[str, Any]) -> wire.Answer:
    """Terminate instances in any state.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html. Engine: at once.
    """
    before = ("pending", "running", "stopping", "stopped")
    return _change("TerminateInstances", params, before, ("shutting-down", "terminated"), "terminated")


def _change(
    operation: str, params: dict[str, Any], before: tuple[str, ...], after: tuple[str, str], participle: str
) -> wire.Answer:
    chosen = [_existing(each) for each in wire.request(operation, params).get("InstanceIds", [])]
    _check(chosen, (*before, *after), participle)
    return _changed(operation, chosen, lambda instance: instance["State"]["Name"] in before, after)


def _existing(instance_id: str) -> Instance:
    instance: Instance | None = engine._instances.get(instance_id)
    if instance is None:
        raise Refusal("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")
    return instance


def _check(chosen: list[Instance], possible: tuple[str, ...], participle: str) -> None:
    for instance in chosen:
        if instance["State"]["Name"] not in possible:
            sentence = f"The instance '{instance['InstanceId']}' is not in a state from which it can be {participle}."
            raise Refusal("IncorrectInstanceState", sentence)


def _changed(
    operation: str, chosen: list[Instance], concerned: Callable[[Instance], bool], after: tuple[str, str]
) -> wire.Answer:
    """Send the instances on their way; those that are on it already stay as they are."""
    changes = []
    for instance in chosen:
        previous = instance["State"]
        if concerned(instance):
            enter(instance, *after)
        changes.append(
            {"InstanceId": instance["InstanceId"], "PreviousState": previous, "CurrentState": instance["State"]}
        )
    [member] = wire.model().operation_model(operation).output_shape.members
    return wire.answer(operation, {member: changes})
