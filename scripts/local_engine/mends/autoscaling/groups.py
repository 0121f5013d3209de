"""Groups: listed by page, name and tag; of sizes that go together; gone with their instances."""

import base64
from typing import Any

from ministack.services import autoscaling as engine
from ministack.services import ec2

from scripts.local_engine.mends.autoscaling import members
from scripts.local_engine.mends.cloudwatch.wire import structure, xml
from scripts.local_engine.patching import wrap_entry

_MOST = 100
_USUAL = 50
_INTERNAL = {"Instances", "LaunchTemplate", "Status"}
_LISTS = ("Instances", "SuspendedProcesses", "Tags")  # which are there when they are empty too

type Group = dict[str, Any]


def apply() -> None:
    """Apply the mends of this file."""
    wrap_entry(engine._ACTION_MAP, "DeleteAutoScalingGroup")(delete)
    wrap_entry(engine._ACTION_MAP, "DescribeAutoScalingGroups")(describe)
    wrap_entry(engine._ACTION_MAP, "SetDesiredCapacity")(resize)
    wrap_entry(engine._ACTION_MAP, "UpdateAutoScalingGroup")(resize)


def describe(_original: Any, params: dict[str, Any]) -> Any:
    """Describe groups, a page at a time, with their suspended processes and the types of their instances.

    AWS: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html
    Engine: all of them in one page, whatever the filters.
    """
    asked = structure(params)
    wanted, start = int(asked.get("MaxRecords", _USUAL)), int(base64.b64decode(asked.get("NextToken", "MA==")))
    if not 1 <= wanted <= _MOST:
        return engine._error("ValidationError", f"MaxRecords must lie between 1 and {_MOST}.")
    names, filters = asked.get("AutoScalingGroupNames", []), asked.get("Filters", [])
    chosen = [group for name, group in engine._asgs.items() if not names or name in names]
    found = [group for group in chosen if all(_passes(group, each) for each in filters)]
    page, end = found[start : start + wanted], start + wanted
    for group in page:
        engine._reconcile_instances(group)
    token = base64.b64encode(str(end).encode()).decode() if len(found) > end else ""
    groups = f"<AutoScalingGroups>{''.join(map(_shown, page))}</AutoScalingGroups>{xml({'NextToken': token})}"
    inner = f"<DescribeAutoScalingGroupsResult>{groups}</DescribeAutoScalingGroupsResult>"
    return engine._xml(200, "DescribeAutoScalingGroupsResponse", inner)


def _passes(group: Group, asked: dict[str, Any]) -> bool:
    name, wanted = asked["Name"], asked["Values"]
    tags = {tag["Key"]: tag["Value"] for tag in group["Tags"]}
    values = {"tag-key": [*tags], "tag-value": [*tags.values()]}.get(name, [tags.get(name.removeprefix("tag:"))])
    return any(ec2._glob_match(pattern, value) for value in values if value is not None for pattern in wanted)


def _shown(group: Group) -> str:
    about = {name: value for name, value in group.items() if name not in _INTERNAL}
    about |= {
        "Instances": [members.shown(group, each) for each in group["Instances"]],
        "LaunchTemplate": members.shown_template(group),
    }
    empty = "".join(f"<{name}/>" for name in _LISTS if not about.get(name))
    return f"<member>{xml(about)}{empty}</member>"


def resize(original: Any, params: dict[str, Any]) -> Any:
    """Change a group, unless its sizes would not go together; a minimum or maximum moves the desired capacity.

    AWS: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html
    Engine: took any sizes, and forgot a new launch template.
    """
    asked = structure(params)
    group = engine._asgs.get(asked.get("AutoScalingGroupName"))
    if group is None:
        return original(params)
    least, most = (int(asked.get(name, group[name])) for name in ("MinSize", "MaxSize"))
    desired = int(asked.get("DesiredCapacity", min(max(group["DesiredCapacity"], least), most)))
    if least > most:
        return engine._error(
            "ValidationError", f"Max bound, {most}, must be greater than or equal to min bound, {least}"
        )
    if not least <= desired <= most:
        bounds = f"the specified min size:{least} and max size:{most}"
        return engine._error("ValidationError", f"Desired capacity:{desired} must be between {bounds}")
    if launched := asked.get("LaunchTemplate"):
        named = launched.get("LaunchTemplateId") or launched.get("LaunchTemplateName")
        group["LaunchTemplate"] |= {"LaunchTemplateId": named, "Version": launched.get("Version", "$Default")}
    return original({**params, "DesiredCapacity": str(desired)})


def delete(original: Any, params: dict[str, Any]) -> Any:
    """Delete a group that has no instances, or with them.

    AWS: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteAutoScalingGroup.html
    Engine: deleted any group.
    """
    asked = structure(params)
    group = engine._asgs.get(asked.get("AutoScalingGroupName"))
    if group and group["Instances"] and asked.get("ForceDelete") != "true":
        sentence = "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s)"
        return engine._error("ResourceInUse", f"{sentence} still in the group.")
    for member in list(group["Instances"]) if group else ():
        members.end(group, member)
    return original(params)
