"""A notification as an Adaptive Card for a Workflows webhook of Microsoft Teams, within its limits.

What is said by others stands in text runs, which know no Markdown (https://adaptivecards.io/explorer/TextRun.html), or
is taken apart where Markdown would make links of it, as facts know some:
https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format
People are called through a card's `entities` only, and these cards have none.
"""

import json
from typing import Any

from notifications.domain.notification import Notification
from notifications.domain.severity import Severity
from notifications.domain.wording import MARKS, apart, calling_nobody, clipped, footer

# "About 28 KB", all of the message: https://learn.microsoft.com/connectors/teams/#known-issues-and-limitations-with-actions
_MOST_BYTES = 24_000
_TEXTS = (8_000, 4_000, 2_000, 1_000, 500, 100)  # characters that are tried, until all fits
_TITLE, _NAME, _VALUE, _LABEL, _ADDRESS, _ACTIONS = 250, 100, 500, 75, 1000, 4
_COLOURS = {
    Severity.INFO: "good",
    Severity.WARNING: "warning",
    Severity.ERROR: "attention",
    Severity.CRITICAL: "attention",
}


def message(notification: Notification) -> dict[str, Any]:
    """Return the JSON that the trigger "When a Teams webhook request is received" takes.

    https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using#send-adaptive-cards-using-an-incoming-webhook
    """
    for room in _TEXTS:
        found = _message(notification, room)
        if len(json.dumps(found, ensure_ascii=False).encode()) <= _MOST_BYTES:
            break
    return found


def _message(notification: Notification, room: int) -> dict[str, Any]:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "msteams": {"width": "Full"},
        "body": _body(notification, room),
        "actions": _actions(notification),
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _body(notification: Notification, room: int) -> list[dict[str, Any]]:
    title = clipped(f"{MARKS[notification.severity]} {notification.title}", _TITLE)
    heading = {"weight": "bolder", "size": "medium", "color": _COLOURS[notification.severity]}
    facts = [
        {"title": _said(name, _NAME), "value": _said(value, min(_VALUE, room))} for name, value in notification.facts
    ]
    return [
        _runs(title, **heading),
        *([_runs(clipped(notification.text, room))] if notification.text else []),
        *([{"type": "FactSet", "facts": facts}] if facts else []),
        _runs(clipped(footer(notification), _TITLE), size="small", isSubtle=True),
    ]


def _actions(notification: Notification) -> list[dict[str, Any]]:
    """Return a button for each address in the web, as many as Teams shows beside each other."""
    found = [
        {"type": "Action.OpenUrl", "title": clipped(label, _LABEL), "url": url}
        for label, url in notification.links
        if url.startswith("https://") and len(url) <= _ADDRESS
    ]
    return found[:_ACTIONS]


def _runs(text: str, **look: object) -> dict[str, Any]:
    """Return a text without Markdown, line by line as it came."""
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": calling_nobody(text), **look}]}


def _said(text: str, longest: int) -> str:
    """Return a fact's text that neither makes a link, nor calls people, nor is taken for a date's function."""
    return apart(calling_nobody(clipped(text, longest)), "](", "{{", "<a", "</")
