"""What both kinds of channels need of a text: to be cut where it gets too long, and to call nobody."""

import re

from notifications.domain.notification import Notification
from notifications.domain.severity import Severity

MARKS = {Severity.INFO: "🟢", Severity.WARNING: "🟡", Severity.ERROR: "🟠", Severity.CRITICAL: "🔴"}
ELLIPSIS = "…"
_NOTHING = "\u200b"  # of no width
_CALLS = re.compile(r"@(?=(?:channel|everyone|here)\b)", re.IGNORECASE)


def clipped(text: str, longest: int) -> str:
    """Return the text, or its beginning and an ellipsis, `longest` characters at most."""
    return text if len(text) <= longest else text[: max(longest - 1, 0)].rstrip() + ELLIPSIS


def calling_nobody(text: str) -> str:
    """Return the text with what would call a whole channel taken apart, which looks the same."""
    return _CALLS.sub(f"@{_NOTHING}", text)


def apart(text: str, *pairs: str) -> str:
    """Return the text with something of no width between the two characters of each pair."""
    for pair in pairs:
        text = text.replace(pair, _NOTHING.join(pair))
    return text


def footer(notification: Notification) -> str:
    """Return the line that says how bad it is, who said it, whose it is, and when it was."""
    parts = [notification.severity.word, notification.kind, notification.source]
    owner = [f"for {notification.owner}"] if notification.owner else []
    return " · ".join([*parts, *owner, *([notification.at] if notification.at else [])])
