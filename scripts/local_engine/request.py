"""What the API request in hand asks for, as far as authorization needs to know."""

import contextvars
import json
from typing import Any
from urllib.parse import parse_qsl

body: contextvars.ContextVar[bytes] = contextvars.ContextVar("body", default=b"")


def fields() -> dict[str, Any]:
    """Return the request's JSON members or form fields; {} when it has neither, or nothing is in hand."""
    content = body.get()
    try:
        parsed = json.loads(content)
    except ValueError:
        text = content.decode(errors="ignore")
        return dict(parse_qsl(text)) if "Action=" in text else {}
    return parsed if isinstance(parsed, dict) else {}
