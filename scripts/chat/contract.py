"""Holds a message to what Slack or Teams document, and says what is wrong with it."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

_HERE = Path(__file__).parent
# What both understand and nobody reads: Slack finds no text in it, a workflow of Teams no card.
SILENT = {"type": "message", "text": "", "attachments": []}
_TEAMS_BYTES = 28 * 1024  # https://learn.microsoft.com/connectors/teams/#known-issues-and-limitations-with-actions
# What Slack makes something of: a call of people, a channel, a date. Links to the web are ours.
# https://docs.slack.dev/messaging/formatting-message-text/
_CONTROL = re.compile(r"<(?!https?://)|&(?!(?:amp|lt|gt);)")


def problems(service: str, body: bytes) -> list[str]:
    """Return what is wrong with a message to "slack" or "teams", nothing for one that they would take."""
    try:
        message = json.loads(body)
    except ValueError:
        return ["the body is not JSON"]
    if message == SILENT:
        return []
    found = [f"{error.json_path}: {error.message}" for error in _validator(service).iter_errors(message)]
    return found or (_slack_problems(message) if service == "slack" else _teams_problems(body))


def _slack_problems(message: dict[str, Any]) -> list[str]:
    return [f"a control sequence in {text!r}" for text in _texts(message) if _CONTROL.search(text)]


def _teams_problems(body: bytes) -> list[str]:
    return [f"{len(body)} bytes are more than {_TEAMS_BYTES}"] if len(body) > _TEAMS_BYTES else []


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [text for each in value.values() for text in _texts(each)]
    return [text for each in value for text in _texts(each)] if isinstance(value, list) else []


@cache
def _validator(service: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((_HERE / f"{service}.schema.json").read_text()))
