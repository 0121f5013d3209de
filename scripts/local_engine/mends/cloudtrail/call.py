"""How CloudTrail writes down a call of EC2 or STS: what was asked, what was answered, what went wrong.

AWS: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html,
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/using-cloudtrail.html (with examples)
"""

import re
import xml.etree.ElementTree as ET
from datetime import datetime
from typing import Any, NamedTuple

from scripts.local_engine.mends.cloudwatch.wire import structure
from scripts.local_engine.mends.ec2 import wire

_FAILED = 400
_SERVER_ERROR = 500
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_LISTED_AS = {
    "InstanceIds": ("instancesSet", "instanceId"),
    "Resources": ("resourcesSet", "resourceId"),
    "SecurityGroupIds": ("groupSet", "groupId"),
}
_NAMED = {
    "AvailabilityZone": "zone",
    "BlockDeviceMappings": "blockDeviceMapping",
    "TagSpecifications": "tagSpecificationSet",
}
_LAUNCHED = ("imageId", "minCount", "maxCount")
_HIDDEN = {"Password", "PresignedUrl", "SecretAccessKey", "SessionToken", "UserData"}
_TEXTS = {"size", "volumeSize"}
_SETS = ("Mapping", "Set")
# Whose requests and responses stand under their own names, in the API's capitals.
_WHOLE = {"CreateSnapshots"}


class Outcome(NamedTuple):
    """The members of a record that tell how a call went: what was asked, what was answered, errorCode and so on."""

    request: dict[str, Any]
    response: dict[str, Any] | None
    error: dict[str, str]


def outcome(service: str, operation: str, params: dict[str, Any], status: int, body: bytes) -> Outcome:
    """Return how a call to the query protocol of EC2 or STS went, as CloudTrail tells it."""
    root = ET.fromstring(body)  # noqa: S314 - the engine's own answer
    request = _request(operation, params) if service == "ec2" else _lowered(_given(params))
    if status >= _FAILED:
        told = {_tag(each): each.text or "" for each in root.iter()}
        of_server = status >= _SERVER_ERROR and told["Code"] != "RequestLimitExceeded"
        side = "" if service != "ec2" else "Server." if of_server else "Client."
        return Outcome(request, None, {"errorCode": side + told["Code"], "errorMessage": told.get("Message", "")})
    if operation in _WHOLE:
        return Outcome(
            {f"{operation}Request": _given(params)}, {f"{operation}Response": _element(root, items="item")}, {}
        )
    answer = root if service == "ec2" else next(each for each in root if _tag(each).endswith("Result"))
    return Outcome(request, _lowered(_element(answer, items="items")), {})


def _given(params: dict[str, Any]) -> dict[str, Any]:
    """Return what the caller sent, as it is on the wire."""
    kept = {name: value for name, value in params.items() if name not in {"Action", "Version"} | _HIDDEN}
    return structure(kept)


def _request(operation: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return EC2's request parameters under CloudTrail's names."""
    written = dict(_written(name, value) for name, value in wire.request(operation, params).items())
    if operation == "RunInstances":
        launched = {name: written.pop(name) for name in _LAUNCHED if name in written}
        written = {"instancesSet": {"items": [launched]}, **written}
    return written


def _written(name: str, value: Any) -> tuple[str, Any]:
    if name in _HIDDEN:
        return _lower(name), "<sensitiveDataRemoved>"
    if name in _LISTED_AS:
        name, member = _LISTED_AS[name]
        return name, {"items": [{member: each} for each in value]}
    written = _NAMED.get(name, _lower(name) if not isinstance(value, list) else f"{_lower(name).rstrip('s')}Set")
    if isinstance(value, list):
        return written, {"items": [_lowered(each) for each in value]}
    return written, str(value) if written in _TEXTS else _lowered(value)


def _lower(name: str) -> str:
    return f"{name[0].lower()}{name[1:]}"


def _lowered(value: Any) -> Any:
    """Return a structure with names that begin with small letters, without secrets."""
    if isinstance(value, dict):
        return {_lower(name): _lowered(each) for name, each in value.items() if name not in _HIDDEN}
    return [_lowered(each) for each in value] if isinstance(value, list) else value


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _element(element: ET.Element, items: str) -> Any:
    """Return XML as JSON, its lists under the name `items`; without that name's `s`, times stay as they are."""
    name, children = _tag(element), list(element)
    if not children:
        return {} if name.endswith(_SETS) and not element.text else _leaf(name, element.text or "", items == "items")
    if all(_tag(child) == "item" for child in children):
        return {items: [_element(child, items) for child in children]}
    return {_tag(child): _element(child, items) for child in children}


def _leaf(name: str, text: str, count: bool) -> Any:
    if text in {"true", "false"}:
        return text == "true"
    if text.isdigit() and name not in _TEXTS and not name.endswith("Id"):
        return int(text)
    if count and _TIME.fullmatch(text):
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    return text
