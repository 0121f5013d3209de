"""Tags: only of what exists, never with AWS's own prefix, and removed as named."""

from typing import Any

from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2 import wire
from scripts.local_engine.mends.ec2.wire import Answer, Refusal
from scripts.local_engine.patching import wrap_entry

_MOST = 50
# By the prefix of their ids: what AWS calls a missing resource, and those there are.
_RESOURCES: dict[str, tuple[str, Any]] = {
    "ami": ("InvalidAMIID.NotFound", engine._images),
    "eni": ("InvalidNetworkInterfaceID.NotFound", engine._network_interfaces),
    "i": ("InvalidInstanceID.NotFound", engine._instances),
    "sg": ("InvalidGroup.NotFound", engine._security_groups),
    "snap": ("InvalidSnapshot.NotFound", engine._snapshots),
    "subnet": ("InvalidSubnetID.NotFound", engine._subnets),
    "vol": ("InvalidVolume.NotFound", engine._volumes),
}


def apply() -> None:
    """Apply the mends of this file."""
    wrap_entry(engine._ACTION_MAP, "CreateTags")(create)
    wrap_entry(engine._ACTION_MAP, "DeleteTags")(delete)


def create(original: Any, params: dict[str, Any]) -> Answer:
    """Tag resources that exist. Raises Refusal for others, and for tags that AWS refuses.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html,
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions (50 tags, no `aws:`)
    Engine: tagged whatever it was told to.
    """
    keys = {tag["Key"] for tag in engine._parse_tags(params)}
    if any(key.lower().startswith("aws:") for key in keys):
        sentence = "Tag keys starting with 'aws:' are reserved for internal use"
        raise Refusal("InvalidParameterValue", sentence)
    for resource_id in engine._parse_member_list(params, "ResourceId"):
        _check_exists(resource_id)
        own = {tag["Key"] for tag in engine._tags.get(resource_id, []) if not tag["Key"].startswith("aws:")}
        if len(own | keys) > _MOST:
            raise Refusal("TagLimitExceeded", f"{resource_id} would have more than {_MOST} tags")
    answer: Answer = original(params)
    return answer


def delete(_original: Any, params: dict[str, Any]) -> Answer:
    """Remove tags by key, or by key and value; all of them but AWS's own when none is named.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html
    Engine: did not look at values, and removed none when none was named.
    """
    asked = wire.request("DeleteTags", params)
    named = asked.get("Tags", [])
    for resource_id in asked["Resources"]:
        given = engine._tags.get(resource_id, [])
        engine._tags[resource_id] = [tag for tag in given if not _is_meant(tag, named)]
    return wire.done("DeleteTags")


def _is_meant(tag: dict[str, str], named: list[dict[str, str]]) -> bool:
    if not named:
        return not tag["Key"].startswith("aws:")
    return any(each["Key"] == tag["Key"] and each.get("Value", tag["Value"]) == tag["Value"] for each in named)


def _check_exists(resource_id: str) -> None:
    error, resources = _RESOURCES.get(resource_id.partition("-")[0], ("", None))
    if resources is not None and resource_id not in resources:
        raise Refusal(error, f"The ID '{resource_id}' does not exist")
