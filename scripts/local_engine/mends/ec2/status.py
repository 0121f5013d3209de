"""DescribeInstanceStatus: running instances, or all of them, with checks that know the instance's state."""

from typing import Any

from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2 import matching, pages, wire
from scripts.local_engine.mends.ec2.wire import Refusal
from scripts.local_engine.patching import wrap_entry

_FILTERS = {
    "availability-zone": "AvailabilityZone",
    "instance-state-code": "InstanceState.Code",
    "instance-state-name": "InstanceState.Name",
    "instance-status.status": "InstanceStatus.Status",
    "system-status.status": "SystemStatus.Status",
}
_CHECKS = {"running": ("ok", "passed"), "pending": ("initializing", "initializing")}


def apply() -> None:
    """Apply the mends of this file."""
    wrap_entry(engine._ACTION_MAP, "DescribeInstanceStatus")(describe)


def describe(_original: Any, params: dict[str, Any]) -> wire.Answer:
    """Describe the status of instances.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus.html
    Engine: no filters, every check passed, and ids that do not exist were left out.
    """
    page, filters = pages.asked(params), engine._parse_filters(params)
    matching.check(filters, _FILTERS)
    asked = wire.request("DescribeInstanceStatus", params)
    ids = asked.get("InstanceIds", [])
    if missing := [each for each in ids if each not in engine._instances]:
        raise Refusal("InvalidInstanceID.NotFound", f"The instance ID '{missing[0]}' does not exist")
    chosen = [engine._instances[each] for each in ids] if ids else engine._instances.values()
    states = None if asked.get("IncludeAllInstances") else {"running"}
    found = [_status(each) for each in chosen if states is None or each["State"]["Name"] in states]
    found = [each for each in found if matching.matches(each, each["InstanceId"], filters, _FILTERS)]
    shown, token = page.cut(found)
    return wire.answer("DescribeInstanceStatus", {"InstanceStatuses": shown, "NextToken": token})


def _status(instance: dict[str, Any]) -> dict[str, Any]:
    status, detail = _CHECKS.get(instance["State"]["Name"], ("not-applicable", ""))
    details = [{"Name": "reachability", "Status": detail}] if detail else []
    check = {"Status": status, "Details": details}
    return {
        "InstanceId": instance["InstanceId"],
        "AvailabilityZone": instance["Placement"]["AvailabilityZone"],
        "InstanceState": instance["State"],
        "InstanceStatus": check,
        "SystemStatus": check,
    }
