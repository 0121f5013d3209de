"""SuspendProcesses and ResumeProcesses: what a group leaves undone.

AWS: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SuspendProcesses.html
Engine: did not know the operations.
"""

from typing import Any

from ministack.services import autoscaling as engine

from scripts.local_engine.mends.cloudwatch.wire import structure
from scripts.local_engine.patching import add_entry

_PROCESSES = (
    "AZRebalance", "AddToLoadBalancer", "AlarmNotification", "HealthCheck", "InstanceRefresh", "Launch",
    "ReplaceUnhealthy", "ScheduledActions", "Terminate",
)  # fmt: skip


def apply() -> None:
    """Apply the mends of this file."""
    add_entry(engine._ACTION_MAP, "SuspendProcesses")(lambda params: _change(params, "Suspend"))
    add_entry(engine._ACTION_MAP, "ResumeProcesses")(lambda params: _change(params, "Resume"))


def _change(params: dict[str, Any], verb: str) -> Any:
    asked = structure(params)
    name, given = asked["AutoScalingGroupName"], asked.get("ScalingProcesses") or list(_PROCESSES)
    group = engine._asgs.get(name)
    if group is None:
        return engine._error("ValidationError", f"AutoScalingGroup name not found - AutoScalingGroup {name} not found")
    if wrong := set(given) - set(_PROCESSES):
        return engine._error("ValidationError", f"{min(wrong)} is not a valid process")
    suspended = {each["ProcessName"] for each in group.get("SuspendedProcesses", [])}
    left = suspended | set(given) if verb == "Suspend" else suspended - set(given)
    reason = "User suspended"
    group["SuspendedProcesses"] = [{"ProcessName": each, "SuspensionReason": reason} for each in sorted(left)]
    engine._reconcile_instances(group)
    return engine._xml(200, f"{verb}ProcessesResponse", "")
