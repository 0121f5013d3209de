"""EC2: shows what belongs together and who has an owner already, and writes the tags of all of it in one call."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import batched
from typing import Any

from botocore.exceptions import ClientError

from resource_tagging.adapters.lists import by_id
from resource_tagging.domain.errors import NotTaggableYet
from shared.clients import client

_MOST_FILTER_VALUES = 200  # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html
_MOST_RESOURCES = 1000  # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html
_ENDED = {"shutting-down", "terminated"}
_DENIED = "UnauthorizedOperation"


@dataclass(frozen=True)
class Outcome:
    """What became of every resource: tagged now, left with the owner it had, or gone."""

    tagged: list[str]
    kept: list[str]
    gone: list[str]


def tag(made: Iterable[str], owner_tag: str, tags: Mapping[str, str], *, settled: bool, dry_run: bool) -> Outcome:
    """Tag what was made, with all that belongs to it, unless it has an owner.

    `settled` says that EC2 must know everything by now: what it does not show is gone. Before that, raises
    `NotTaggableYet`, and nothing is tagged.
    """
    there, gone = _with_parts(list(made), settled=settled)
    kept = _owned(there, owner_tag)
    free = [each for each in there if each not in kept]
    if not dry_run:
        for batch in batched(free, _MOST_RESOURCES, strict=False):
            lost, taken = _write(list(batch), owner_tag, tags, settled=settled)
            gone, kept = gone + lost, kept | taken
    left_alone = {*gone, *kept}
    return Outcome([each for each in free if each not in left_alone], sorted(kept), gone)


def _with_parts(made: list[str], *, settled: bool) -> tuple[list[str], list[str]]:
    """Return the resources, each followed by what belongs to it, and those that are gone."""
    found = by_id(made)
    gone = [each for each in made if each not in found or _state(found[each]) in _ENDED]
    waiting = [each for each in made if each not in found or _state(found[each]) == "pending"]
    if waiting and not settled:
        raise NotTaggableYet(f"{', '.join(waiting[:3])}: not seen yet, or still pending")
    there = [part for each in made if each not in gone for part in [each, *_parts(found[each])]]
    return list(dict.fromkeys(there)), gone


def _state(resource: Mapping[str, Any]) -> str:
    """Return the state of an instance, which is an object there; all others can be tagged in any state."""
    state = resource.get("State")
    return str(state["Name"]) if isinstance(state, Mapping) else ""


def _parts(resource: Mapping[str, Any]) -> list[str]:
    """Return an instance's volumes and interfaces, or the snapshots that an image shows; none when it is pending."""
    disks = [mapping["Ebs"] for mapping in resource.get("BlockDeviceMappings", []) if "Ebs" in mapping]
    ids = [disk[name] for disk in disks for name in ("VolumeId", "SnapshotId") if name in disk]
    return ids + [interface["NetworkInterfaceId"] for interface in resource.get("NetworkInterfaces", [])]


def _owned(resource_ids: list[str], owner_tag: str) -> set[str]:
    found: set[str] = set()
    for batch in batched(resource_ids, _MOST_FILTER_VALUES, strict=False):
        filters = [{"Name": "resource-id", "Values": list(batch)}, {"Name": "key", "Values": [owner_tag]}]
        for page in client("ec2").get_paginator("describe_tags").paginate(Filters=filters):
            found |= {each["ResourceId"] for each in page["Tags"]}
    return found


def _write(
    resource_ids: list[str], owner_tag: str, tags: Mapping[str, str], *, settled: bool
) -> tuple[list[str], set[str]]:
    """Tag resources; return those that are gone, and those that somebody else tagged a moment before.

    The function's role may tag only what has no owner, so that even then nothing is overwritten.
    """
    try:
        _create_tags(resource_ids, tags)
    except ClientError as refusal:
        code = refusal.response["Error"]["Code"]
        if code == _DENIED and (taken := _owned(resource_ids, owner_tag)):
            left = [each for each in resource_ids if each not in taken]
            gone, more = _write(left, owner_tag, tags, settled=settled) if left else ([], set())
            return gone, taken | more
        if not code.endswith(".NotFound"):
            raise
        if not settled:
            raise NotTaggableYet(str(refusal)) from refusal
        return _write_each(resource_ids, tags), set()
    return [], set()


def _write_each(resource_ids: list[str], tags: Mapping[str, str]) -> list[str]:
    """Tag resources one by one, since a single one that is gone fails the call for all; return those that are."""
    gone = []
    for each in resource_ids:
        try:
            _create_tags([each], tags)
        except ClientError as refusal:
            if not refusal.response["Error"]["Code"].endswith(".NotFound"):
                raise
            gone.append(each)
    return gone


def _create_tags(resource_ids: list[str], tags: Mapping[str, str]) -> None:
    client("ec2").create_tags(
        Resources=resource_ids, Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
    )
