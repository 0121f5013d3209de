"""What Auto Scaling asks of IAM: each group that a request names, with its tags and those in the request.

AWS: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html
Engine: knew no tags, and of tagging requests no group.
"""

import re
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import autoscaling as engine

from scripts.local_engine.condition_keys import requested_tags
from scripts.local_engine.request import Need

_NAMES = re.compile(r"AutoScalingGroupName|Tags\.member\.\d+\.ResourceId")
_KEYS = re.compile(r"Tags\.member\.\d+\.Key")


def needs(action: str, resource: str, fields: dict[str, Any]) -> list[Need]:
    """Return every permission that a request needs; `resource` is what the engine would have asked for."""
    if action.startswith("autoscaling:Describe"):
        return [Need(action, "*", {})]
    tags = {
        value: fields.get(name.removesuffix("Key") + "Value", "")
        for name, value in fields.items()
        if _KEYS.fullmatch(name)
    }
    named = dict.fromkeys(value for name, value in fields.items() if _NAMES.fullmatch(name))
    return [Need(action, *_group(name, requested_tags(tags))) for name in named] or [Need(action, resource, {})]


def _group(name: str, requested: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the ARN of a group and the condition keys."""
    group = engine._asgs.get(name) or {"Tags": []}
    new = f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:autoScalingGroup:*:autoScalingGroupName/{name}"
    own = {
        f"{service}:ResourceTag/{tag['Key']}": tag["Value"]
        for service in ("aws", "autoscaling")
        for tag in group["Tags"]
    }
    return group.get("AutoScalingGroupARN", new), own | requested
