"""The instances of a group: launched from its template as Auto Scaling itself, replaced when they fail, ended with it.

AWS: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
Engine: their ids were invented, and EC2 knew nothing of them.
"""

from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import autoscaling as engine
from ministack.services import ec2

from scripts.local_engine.mends.cloudtrail import identity, recording
from scripts.local_engine.mends.cloudtrail.call import outcome
from scripts.local_engine.mends.ec2 import run, states
from scripts.local_engine.mends.ec2.wire import Refusal
from scripts.local_engine.patching import Function, wrap

SERVICE = "autoscaling.amazonaws.com"
_ROLE = "arn:aws:iam::{}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
_LIFECYCLE = {"pending": "Pending", "running": "InService"}

type Group = dict[str, Any]


def apply() -> None:
    """Apply the mends of this file."""
    wrap(engine, "_reconcile_instances")(_reconcile)


def _reconcile(original: Function, asg: Group) -> None:
    """Bring a group to its desired capacity, as far as no process is suspended and there is room.

    AWS: https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html - a stopped instance
    is unhealthy, hence terminated and replaced.
    """
    if not template(asg):
        original(asg)  # of a launch configuration, or of nothing
        return
    suspended = {each["ProcessName"] for each in asg.get("SuspendedProcesses", [])}
    for member in list(asg["Instances"]):
        state = (ec2._instances.get(member["InstanceId"]) or {"State": {"Name": "terminated"}})["State"]["Name"]
        is_gone = state in {"shutting-down", "terminated"}
        if is_gone or (state not in _LIFECYCLE and not suspended & {"HealthCheck", "ReplaceUnhealthy", "Terminate"}):
            end(asg, member)
    while len(asg["Instances"]) > asg["DesiredCapacity"] and "Terminate" not in suspended:
        end(asg, asg["Instances"][-1])
    try:
        while len(asg["Instances"]) < asg["DesiredCapacity"] and "Launch" not in suspended:
            _launch(asg)
    except Refusal as refusal:  # a scaling activity that fails; the next look tries again
        engine.logger.warning("%s launched nothing: %s", asg["AutoScalingGroupName"], refusal)


def template(group: Group) -> Any:
    """Return the launch template of a group; None without one."""
    named = group.get("LaunchTemplate", {}).get("LaunchTemplateId")
    known = ec2._launch_templates.values()
    return next((each for each in known if named in {each["LaunchTemplateId"], each["LaunchTemplateName"]}), None)


def _launch(group: Group) -> None:
    """Launch an instance with the service's own role, as CloudTrail tells it."""
    name = group["AutoScalingGroupName"]
    tags = {"aws:autoscaling:groupName": name}
    tags |= {tag["Key"]: tag["Value"] for tag in group["Tags"] if tag.get("PropagateAtLaunch")}
    subnets = [each.strip() for each in group["VPCZoneIdentifier"].split(",") if each.strip()]
    params = {
        "Action": "RunInstances",
        "LaunchTemplate.LaunchTemplateId": template(group)["LaunchTemplateId"],
        "LaunchTemplate.Version": group["LaunchTemplate"].get("Version", "$Default"),
        "MinCount": "1",
        "MaxCount": "1",
        **({"SubnetId": subnets[len(group["Instances"]) % len(subnets)]} if subnets else {}),
        "TagSpecification.1.ResourceType": "instance",
    }
    for number, (key, value) in enumerate(tags.items(), 1):
        params |= {f"TagSpecification.1.Tag.{number}.{part}": each for part, each in (("Key", key), ("Value", value))}
    status, _, body = run.run_instances(None, params)
    went = outcome("ec2", "RunInstances", params, status, body)
    who = identity.of_service(_ROLE.format(get_account_id()), "AutoScaling", SERVICE)
    recording.record("ec2.amazonaws.com", "RunInstances", who, went, SERVICE)
    [made] = (went.response or {})["instancesSet"]["items"]
    protected = group["NewInstancesProtectedFromScaleIn"]
    group["Instances"].append({"InstanceId": made["instanceId"], "ProtectedFromScaleIn": protected})


def end(group: Group, member: dict[str, Any]) -> None:
    """Take an instance out of a group, and terminate it."""
    group["Instances"].remove(member)
    instance = ec2._instances.get(member["InstanceId"])
    if instance and instance["State"]["Name"] not in {"shutting-down", "terminated"}:
        states.enter(instance, "shutting-down", "terminated")


def shown(group: Group, member: dict[str, Any]) -> dict[str, Any]:
    """Return a group's instance as the API tells of it."""
    instance = ec2._instances.get(member["InstanceId"])
    if instance is None:  # the engine's own invention
        return member
    return {
        **member,
        "InstanceType": instance["InstanceType"],
        "AvailabilityZone": instance["Placement"]["AvailabilityZone"],
        "LifecycleState": _LIFECYCLE.get(instance["State"]["Name"], "Terminating"),
        "HealthStatus": "Healthy" if instance["State"]["Name"] in _LIFECYCLE else "Unhealthy",
        "LaunchTemplate": shown_template(group),
    }


def shown_template(group: Group) -> dict[str, Any]:
    """Return which launch template, and which version of it, a group launches from."""
    found = template(group)
    named = {name: found[name] for name in ("LaunchTemplateId", "LaunchTemplateName")} if found else {}
    return {**group.get("LaunchTemplate", {}), **named}
