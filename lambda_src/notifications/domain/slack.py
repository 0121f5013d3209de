"""A notification as Slack's Block Kit has it, within its limits.

https://docs.slack.dev/reference/block-kit/blocks; what is said by others is escaped, so that it can neither call people
nor make links: https://docs.slack.dev/messaging/formatting-message-text/
"""

from typing import Any
from urllib.parse import quote

from notifications.domain.notification import Notification
from notifications.domain.wording import ELLIPSIS, MARKS, calling_nobody, footer

_HEADER, _SECTION, _FIELD, _CONTEXT = 150, 3000, 2000, 2000
_FALLBACK = 500  # what a phone's notification shows; Slack itself cuts at 40,000
_NAME, _LABEL = 100, 75
_ADDRESS = 1000
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def message(notification: Notification) -> dict[str, Any]:
    """Return the JSON that an incoming webhook takes: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/."""
    title = f"{MARKS[notification.severity]} {notification.title}"
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": _said(title, _HEADER), "emoji": False}},
        *([_section(_said(notification.text, _SECTION))] if notification.text else []),
        *([{"type": "section", "fields": _fields(notification)}] if notification.facts else []),
        *([_section(links)] if (links := _links(notification)) else []),
        {"type": "context", "elements": [_text(_said(footer(notification), _CONTEXT))]},
    ]
    return {"text": _said(title, _FALLBACK), "blocks": blocks}


def _fields(notification: Notification) -> list[dict[str, Any]]:
    room = _FIELD - _NAME - len("**\n")
    return [_text(f"*{_said(name, _NAME)}*\n{_said(value, room)}") for name, value in notification.facts]


def _links(notification: Notification) -> str:
    """Return the links that have room, each whole or not at all."""
    found = [f"<{address}|{_said(label, _LABEL)}>" for label, url in notification.links if (address := _address(url))]
    while found and len(" · ".join(found)) > _SECTION:
        found.pop()
    return " · ".join(found)


def _address(url: str) -> str:
    """Spell an address so that it ends where it should; "" for one that is too long or leads elsewhere than the web."""
    spelled = quote(url, safe=":/?#[]@!$&'()*+,;=%~").replace("&", "&amp;")
    return spelled if url.startswith("https://") and len(spelled) <= _ADDRESS else ""


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> dict[str, Any]:
    """Return a text whose plain words Slack leaves alone: no channels, no people and no links are made of them."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _said(text: str, longest: int) -> str:
    """Escape what others said, `longest` characters at most when escaped, none of them half an entity."""
    escaped = [_ENTITIES.get(character, character) for character in calling_nobody(text)]
    if sum(map(len, escaped)) <= longest:
        return "".join(escaped)
    kept, room = list[str](), longest - len(ELLIPSIS)
    for character in escaped:
        room -= len(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + ELLIPSIS
