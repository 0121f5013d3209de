"""What the API request in hand asks for, as far as authorization needs to know."""

import contextvars
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Request:
    """The parts of a request that decisions depend on; empty where a service acts by itself."""

    path: str = ""
    query: dict[str, Any] | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""

    def fields(self) -> dict[str, Any]:
        """Return the JSON members or form fields; {} when there are neither."""
        return dict(_known_fields(self.body) if len(self.body) < _SMALL else _fields(self.body))

    def parameter(self, name: str) -> str:
        """Return a parameter of the URL, "" when it is not there."""
        value = (self.query or {}).get(name, "")
        return str(value[0] if isinstance(value, list) else value)

    def header(self, name: str) -> str:
        """Return a header by its lower-case name, "" when it is not there."""
        return next((value.decode("latin-1") for key, value in self.headers if key.lower() == name.encode()), "")


def _fields(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        text = body.decode(errors="ignore")
        return dict(parse_qsl(text)) if "Action=" in text else {}
    return parsed if isinstance(parsed, dict) else {}


_SMALL = 1 << 14
_known_fields = lru_cache(maxsize=64)(_fields)  # many a mend asks for those of the request in hand


class Need(NamedTuple):
    """One permission that a request needs: the action, the resource's ARN or `*`, and the condition keys."""

    action: str
    resource: str
    context: dict[str, Any]


NOTHING = Request()
current: contextvars.ContextVar[Request] = contextvars.ContextVar("request", default=NOTHING)
