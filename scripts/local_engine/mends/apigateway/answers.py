"""A function's answer in a proxy integration: its exact form, or no answer at all.

AWS: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-output-format
- "If the function output is of a different format, API Gateway returns a 502 Bad Gateway error response."
"""

from typing import Any

_MEMBERS = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})
_STATUSES = range(100, 600)
_SCALARS = (str, int, float, bool)


class MalformedAnswer(Exception):
    """An answer of another form than API Gateway's."""


def well_formed(answer: Any) -> dict[str, Any]:
    """Return an answer with a whole-number statusCode, text headers and a text body. Raises MalformedAnswer."""
    if not isinstance(answer, dict) or answer.keys() - _MEMBERS:
        raise MalformedAnswer
    body, encoded = answer.get("body"), answer.get("isBase64Encoded")
    if not isinstance(body, str | None) or not isinstance(encoded, bool | None):
        raise MalformedAnswer
    return {
        "statusCode": _status(answer.get("statusCode")),
        "headers": {name: _text(value) for name, value in _mapping(answer.get("headers")).items()},
        "multiValueHeaders": {
            name: [_text(value) for value in _list(values)]
            for name, values in _mapping(answer.get("multiValueHeaders")).items()
        },
        "body": body or "",
        "isBase64Encoded": bool(encoded),
    }


def _status(value: Any) -> int:
    digits = isinstance(value, str) and value.isdecimal()
    if isinstance(value, bool) or not (isinstance(value, int) or digits) or int(value) not in _STATUSES:
        raise MalformedAnswer
    return int(value)


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict | None):
        raise MalformedAnswer
    return value or {}


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise MalformedAnswer
    return value


def _text(value: Any) -> str:
    if not isinstance(value, _SCALARS):
        raise MalformedAnswer
    return str(value).lower() if isinstance(value, bool) else str(value)
