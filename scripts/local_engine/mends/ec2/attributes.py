"""ModifyInstanceAttribute: one attribute of an instance, some of them only while it is stopped."""

from typing import Any

from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2 import wire
from scripts.local_engine.mends.ec2.wire import Refusal
from scripts.local_engine.patching import add_entry

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_ChangingAttributesWhileInstanceStopped.html
_STOPPED_ONLY = {"EbsOptimized", "InstanceType", "UserData"}
_ALWAYS = {"DisableApiStop", "DisableApiTermination", "InstanceInitiatedShutdownBehavior", "SourceDestCheck"}
_NOT_ATTRIBUTES = {"Attribute", "DryRun", "InstanceId", "Value"}


def apply() -> None:
    """Apply the mends of this file."""
    add_entry(engine._ACTION_MAP, "ModifyInstanceAttribute")(modify)


def modify(params: dict[str, Any]) -> wire.Answer:
    """Change an attribute of an instance.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html
    Engine: did not know the operation. Security groups and block devices are not among the attributes here.
    """
    asked = wire.request("ModifyInstanceAttribute", params)
    instance = engine._instances.get(asked["InstanceId"])
    if instance is None:
        raise Refusal("InvalidInstanceID.NotFound", f"The instance ID '{asked['InstanceId']}' does not exist")
    named, value = asked.get("Attribute", ""), asked.get("Value", "")
    given = {name: each["Value"] for name, each in asked.items() if name not in _NOT_ATTRIBUTES}
    given |= {f"{named[0].upper()}{named[1:]}": value} if named else {}
    if len(given) != 1:
        raise Refusal("InvalidParameterCombination", "Specify exactly one attribute.")
    [(name, value)] = given.items()
    if name not in _STOPPED_ONLY | _ALWAYS:
        raise Refusal("InvalidParameterValue", f"Value ({name}) for parameter attribute is invalid.")
    if name in _STOPPED_ONLY and instance["State"]["Name"] != "stopped":
        sentence = f"The instance '{asked['InstanceId']}' is not in the 'stopped' state."
        raise Refusal("IncorrectInstanceState", sentence)
    instance[name] = value
    return wire.done("ModifyInstanceAttribute")
