"""The condition keys that a resource of EC2 brings along: its region, its tags, and what it is.

AWS: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html#amazonec2-policy-keys
"""

from typing import Any

from ministack.core.responses import get_region
from ministack.services import ec2 as engine


def shared() -> dict[str, Any]:
    """Return the condition keys of every request."""
    return {"ec2:Region": get_region()}


def existing(resource_id: str) -> dict[str, Any]:
    """Return the condition keys of a resource that exists: its tags, and for an instance or volume what it is."""
    tags = {tag["Key"]: tag.get("Value", "") for tag in engine._tags.get(resource_id, [])}
    of_tags = {f"{service}:ResourceTag/{key}": value for service in ("aws", "ec2") for key, value in tags.items()}
    instance, volume = engine._instances.get(resource_id) or {}, engine._volumes.get(resource_id) or {}
    about = {
        "ec2:InstanceType": instance.get("InstanceType"),
        "ec2:InstanceProfile": (instance.get("IamInstanceProfile") or {}).get("Arn"),
        "ec2:Encrypted": str(volume["Encrypted"]).lower() if volume else None,
        "ec2:VolumeType": volume.get("VolumeType"),
        "ec2:VolumeSize": volume.get("Size"),
    }
    return shared() | of_tags | {key: str(value) for key, value in about.items() if value is not None}
