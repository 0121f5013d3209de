"""X-Ray's groups, which the engine lacks: a name and the expression that says which traces belong to it."""

import json
import re
from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.core import iam_actions, router
from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region, new_uuid

from scripts.local_engine.patching import add_entry

NAME = "xray"
LONGEST_NAME = 32
_HEADERS = {"Content-Type": "application/json"}
_groups: Any = AccountRegionScopedDict()
_tags: Any = AccountRegionScopedDict()

type Fields = dict[str, Any]


class Refusal(Exception):
    """The API's error InvalidRequestException, with a sentence."""


def create(fields: Fields) -> Fields:
    """Make a group.

    AWS: https://docs.aws.amazon.com/xray/latest/api/API_CreateGroup.html
    Engine: "Unsupported service: xray".
    """
    name = fields.get("GroupName", "")
    if not re.fullmatch(rf"[\w -]{{1,{LONGEST_NAME}}}", name):
        raise Refusal(f"A group's name has from 1 to {LONGEST_NAME} characters")
    if name in _groups:
        raise Refusal("Group with that name already exists")
    arn = f"arn:aws:xray:{get_region()}:{get_account_id()}:group/{name}/{new_uuid().replace('-', '').upper()[:26]}"
    _groups[name] = {"GroupName": name, "GroupARN": arn, "FilterExpression": "", "InsightsConfiguration": {}}
    _tags[arn] = {tag["Key"]: tag["Value"] for tag in fields.get("Tags") or []}
    return update(fields)


def update(fields: Fields) -> Fields:
    """Change a group's expression or insights; what a request does not name stays."""
    group = _found(fields)
    insights = {"InsightsEnabled": False, "NotificationsEnabled": False}
    insights |= group["InsightsConfiguration"] | (fields.get("InsightsConfiguration") or {})
    group.update(
        InsightsConfiguration=insights, FilterExpression=fields.get("FilterExpression", group["FilterExpression"])
    )
    return {"Group": group}


def get(fields: Fields) -> Fields:
    """Return a group."""
    return {"Group": _found(fields)}


def list_all(_fields: Fields) -> Fields:
    """Return every group of the account and region."""
    return {"Groups": list(_groups.values())}


def delete(fields: Fields) -> Fields:
    """Remove a group."""
    group = _found(fields)
    _groups.pop(group["GroupName"])
    _tags.pop(group["GroupARN"])
    return {}


def tags(fields: Fields) -> Fields:
    """Return a group's tags."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in _tagged(fields).items()]}


def tag(fields: Fields) -> Fields:
    """Add tags to a group."""
    _tagged(fields).update({tag["Key"]: tag["Value"] for tag in fields["Tags"]})
    return {}


def untag(fields: Fields) -> Fields:
    """Take tags off a group."""
    for key in fields["TagKeys"]:
        _tagged(fields).pop(key, None)
    return {}


def _found(fields: Fields) -> Fields:
    wanted = fields.get("GroupName"), fields.get("GroupARN")
    found = [group for group in _groups.values() if group["GroupName"] == wanted[0] or group["GroupARN"] == wanted[1]]
    if not found:
        raise Refusal("Group not found")
    group: Fields = found[0]
    return group


def _tagged(fields: Fields) -> dict[str, str]:
    if fields["ResourceARN"] not in _tags:
        raise Refusal("Resource not found")
    found: dict[str, str] = _tags[fields["ResourceARN"]]
    return found


OPERATIONS: dict[str, Callable[[Fields], Fields]] = {
    "/CreateGroup": create,
    "/DeleteGroup": delete,
    "/GetGroup": get,
    "/Groups": list_all,
    "/ListTagsForResource": tags,
    "/TagResource": tag,
    "/UntagResource": untag,
    "/UpdateGroup": update,
}


async def _handle_request(_method: str, path: str, _headers: Fields, body: bytes, _query: Any) -> Any:
    try:
        answer = OPERATIONS.get(path, _unknown)(json.loads(body or b"{}"))
    except Refusal as refusal:
        error = {"__type": "InvalidRequestException", "Message": str(refusal)}
        return 400, {**_HEADERS, "x-amzn-errortype": "InvalidRequestException"}, json.dumps(error).encode()
    return 200, dict(_HEADERS), json.dumps(answer).encode()


def _unknown(_fields: Fields) -> Fields:
    raise Refusal("The operation is not served here")


def apply() -> None:
    """Add the service: where its requests are recognised, authorised and served."""
    patterns = {"host_patterns": [r"xray\."], "path_prefixes": list(OPERATIONS), "credential_scope": NAME}
    add_entry(router.SERVICE_PATTERNS, NAME)(patterns)
    add_entry(iam_actions.SERVICE_TO_IAM_NAMESPACE, NAME)(NAME)
    add_entry(iam_actions._BOTOCORE_SERVICE_MAP, NAME)([NAME])  # by which a path's action is known
    add_entry(app.SERVICE_HANDLERS, NAME)(_handle_request)
