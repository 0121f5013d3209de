"""What the API request in hand asks for, as far as authorization needs to know."""

import contextvars
import json
from dataclasses import dataclass
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
        try:
            parsed = json.loads(self.body)
        except ValueError:
            text = self.body.decode(errors="ignore")
            return dict(parse_qsl(text)) if "Action=" in text else {}
        return parsed if isinstance(parsed, dict) else {}

    def parameter(self, name: str) -> str:
        """Return a parameter of the URL, "" when it is not there."""
        value = (self.query or {}).get(name, "")
        return str(value[0] if isinstance(value, list) else value)

    def header(self, name: str) -> str:
        """Return a header by its lower-case name, "" when it is not there."""
        return next((value.decode("latin-1") for key, value in self.headers if key.lower() == name.encode()), "")


class Need(NamedTuple):
    """One permission that a request needs: the action, the resource's ARN or `*`, and the condition keys."""

    action: str
    resource: str
    context: dict[str, Any]


NOTHING = Request()
current: contextvars.ContextVar[Request] = contextvars.ContextVar("request", default=NOTHING)
