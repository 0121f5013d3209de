"""The tags of what launches resources: Auto Scaling groups, CloudFormation stacks, and anything of EC2."""

from collections.abc import Mapping

from botocore.exceptions import ClientError

from resource_tagging.domain.owner import Launcher
from shared.clients import client


def tags_of(launcher: Launcher) -> Mapping[str, str]:
    """Return a launcher's tags; none for one that is gone."""
    match launcher.kind:
        case "auto-scaling-group":
            return _group_tags(launcher.name)
        case "stack":
            return _stack_tags(launcher.name)
        case _:
            return _ec2_tags(launcher.name)


def _group_tags(name: str) -> dict[str, str]:
    groups = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return {tag["Key"]: tag["Value"] for group in groups for tag in group.get("Tags", [])}


def _ec2_tags(resource_id: str) -> dict[str, str]:
    filters = [{"Name": "resource-id", "Values": [resource_id]}]
    pages = client("ec2").get_paginator("describe_tags").paginate(Filters=filters)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def _stack_tags(name: str) -> dict[str, str]:
    try:
        stacks = client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as refusal:
        if refusal.response["Error"]["Code"] == "ValidationError":  # CloudFormation's word for a stack that is gone
            return {}
        raise
    return {tag["Key"]: tag["Value"] for stack in stacks for tag in stack.get("Tags", [])}
