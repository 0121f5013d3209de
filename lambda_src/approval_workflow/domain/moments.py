"""Moments: whole seconds since 1970, and the text of ISO 8601 in UTC, which sorts like them and which people read."""

from datetime import UTC, datetime

_FORM = "%Y-%m-%dT%H:%M:%SZ"


def iso(seconds: int) -> str:
    """Return for example "2026-11-23T12:00:00Z"."""
    return datetime.fromtimestamp(seconds, UTC).strftime(_FORM)


def seconds_of(text: str) -> int:
    """Return the seconds since 1970 of what `iso` returned."""
    return int(datetime.strptime(text, _FORM).replace(tzinfo=UTC).timestamp())


def hours_later(text: str, hours: int) -> str:
    """Return the moment some hours after another one."""
    return iso(seconds_of(text) + hours * 3600)


def for_people(text: str) -> str:
    """Return a moment as pages and messages show it, for example "2026-11-23 12:00 UTC"."""
    return f"{text[:10]} {text[11:16]} UTC"
