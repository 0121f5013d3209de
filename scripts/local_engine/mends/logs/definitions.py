"""Saved queries: what PutQueryDefinition keeps is listed again, by name."""

import json
import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, new_uuid
from ministack.services import cloudwatch_logs as engine

from scripts.local_engine.patching import wrap

MOST_GROUPS = 50
_definitions: Any = AccountRegionScopedDict()

type Fields = dict[str, Any]


def put(fields: Fields) -> Any:
    """Save a query under a new id, or anew under the one that is given.

    AWS: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html
    Engine: did not know the action.
    """
    identifier = fields.get("queryDefinitionId")
    if identifier and identifier not in _definitions:
        return _missing()
    if len(fields.get("logGroupNames") or []) > MOST_GROUPS:
        return engine.error_response_json("InvalidParameterException", f"At most {MOST_GROUPS} log groups", 400)
    identifier = identifier or new_uuid()
    kept: Fields = {
        key: fields[key] for key in ("name", "queryString", "logGroupNames", "queryLanguage") if key in fields
    }
    kept |= {"queryDefinitionId": identifier, "lastModified": int(time.time() * 1000)}
    _definitions[identifier] = kept
    return engine.json_response({"queryDefinitionId": identifier})


def describe(fields: Fields) -> Any:
    """Return the saved queries whose names begin as asked."""
    prefix = fields.get("queryDefinitionNamePrefix", "")
    found = [each for each in _definitions.values() if each["name"].startswith(prefix)]
    return engine.json_response({"queryDefinitions": sorted(found, key=lambda each: each["name"])})


def delete(fields: Fields) -> Any:
    """Remove a saved query."""
    if _definitions.pop(fields.get("queryDefinitionId"), None) is None:
        return _missing()
    answer: Fields = {"success": True}
    return engine.json_response(answer)


def _missing() -> Any:
    return engine.error_response_json("ResourceNotFoundException", "The query definition does not exist.", 400)


OPERATIONS: dict[str, Callable[[Fields], Any]] = {
    "PutQueryDefinition": put,
    "DescribeQueryDefinitions": describe,
    "DeleteQueryDefinition": delete,
}


async def handle(original: Any, method: str, path: str, headers: dict[str, str], body: bytes, query_params: Any) -> Any:
    """Serve the actions that the engine does not know."""
    operation = OPERATIONS.get(headers.get("x-amz-target", "").rpartition(".")[2])
    if operation:
        return operation(json.loads(body or b"{}"))
    return await original(method, path, headers, body, query_params)


def apply() -> None:
    """Apply the mends of this file."""
    wrap(engine, "handle_request")(handle)
