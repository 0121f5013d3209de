"""Lambda: payloads and environments that are too large are refused.

AWS: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import json
from http import HTTPStatus
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import lambda_svc

from scripts.local_engine import request
from scripts.local_engine.patching import Function, wrap

MEBIBYTE = 1 << 20
SYNCHRONOUS_BYTES = 6 * MEBIBYTE
ASYNCHRONOUS_BYTES = MEBIBYTE
RESPONSE_BYTES = SYNCHRONOUS_BYTES + 100
ENVIRONMENT_BYTES = 4096


def apply() -> None:
    """Apply the mends of this file."""
    wrap(lambda_svc, "_create_function")(_create_function)
    wrap(lambda_svc, "_update_config")(_update_function)
    wrap(lambda_svc, "_invoke")(_invoke)
    wrap(lambda_svc, "_execute_function_dispatch")(_execute)


def _create_function(original: Function, data: dict[str, Any]) -> Any:
    """Refuse more than 4 KB of environment variables (InvalidParameterValueException). Engine: any size."""
    return _too_large_environment(data) or original(data)


def _update_function(original: Function, name: str, data: dict[str, Any]) -> Any:
    """Refuse more than 4 KB of environment variables, as for a new function."""
    return _too_large_environment(data) or original(name, data)


def _too_large_environment(data: dict[str, Any]) -> Any:
    variables = (data.get("Environment") or {}).get("Variables") or {}
    if len(json.dumps(variables, separators=(",", ":")).encode()) <= ENVIRONMENT_BYTES:
        return None
    sentence = (
        "Lambda was unable to configure your environment variables because the environment variables you have "
        "provided exceeded the 4KB limit."
    )
    return lambda_svc._invalid_parameter_value(sentence)


async def _invoke(
    original: Function, name: str, event: Any, headers: dict[str, str], *rest: Any, **options: Any
) -> Any:
    """Refuse a payload of more than 6 MB, or 1 MB when asynchronous (RequestEntityTooLargeException). Engine: any."""
    asynchronous = headers.get("x-amz-invocation-type") == "Event"
    limit, size = ASYNCHRONOUS_BYTES if asynchronous else SYNCHRONOUS_BYTES, len(request.current.get().body)
    if size > limit:
        sentence = f"{size} byte payload is too large for the {'Event' if asynchronous else 'RequestResponse'} "
        sentence += f"invocation type (limit {limit} bytes)"
        return error_response_json("RequestTooLargeException", sentence, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return await original(name, event, headers, *rest, **options)


def _execute(original: Function, *arguments: Any) -> dict[str, Any]:
    """Fail an invocation whose response exceeds 6 MB (Function.ResponseSizeTooLarge). Engine: passed on."""
    result: dict[str, Any] = original(*arguments)
    if result.get("error") or len(json.dumps(result.get("body"), default=str)) <= RESPONSE_BYTES:
        return result
    sentence = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
    return {**result, "error": True, "body": {"errorMessage": sentence, "errorType": "Function.ResponseSizeTooLarge"}}
