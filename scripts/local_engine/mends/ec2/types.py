"""Instance types: those that exist, and whether they have disks of their own."""

import re
from typing import Any

from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2.wire import Answer, Refusal
from scripts.local_engine.patching import wrap_entry

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-types.html#instance-type-names
_TYPE = re.compile(r"[a-z]+[0-9]*[a-z0-9-]*\.(nano|micro|small|medium|large|\d*xlarge|metal(-\d+xl)?)")
_WITH_DISKS = re.compile(r"(d\d|h1|i\d|im\d|is\d|x1|[a-z]+\d[a-z]*d[a-z]*)[a-z]*\.")
_ITEM = re.compile(r"<item>\s*<instanceType>.*?(?=<item>\s*<instanceType>|</instanceTypeSet>)", re.DOTALL)


def apply() -> None:
    """Apply the mends of this file."""
    wrap_entry(engine._ACTION_MAP, "DescribeInstanceTypes")(describe)


def describe(original: Any, params: dict[str, Any]) -> Answer:
    """Describe instance types.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html,
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/InstanceStorage.html
    Engine: whatever was asked for existed, without disks.
    """
    asked = engine._parse_member_list(params, "InstanceType")
    if wrong := [each for each in asked if not _TYPE.fullmatch(each)]:
        sentence = f"The following supplied instance types do not exist: [{', '.join(wrong)}]"
        raise Refusal("InvalidInstanceType", sentence)
    status, headers, body = original(params)
    return status, headers, _ITEM.sub(_with_disks, body.decode()).encode()


def _with_disks(found: re.Match[str]) -> str:
    item = found[0]
    name = item.partition("<instanceType>")[2].partition("<")[0]
    old, new = (f"<instanceStorageSupported>{each}</instanceStorageSupported>" for each in ("false", "true"))
    return item.replace(old, new) if _WITH_DISKS.match(name) else item
