"""Moments as text of ISO 8601 in UTC, which sorts like them; EC2's tags, the ledger and reports hold them so."""

from datetime import UTC, datetime

_FORM = "%Y-%m-%dT%H:%M:%SZ"


def iso(moment: datetime) -> str:
    """Return for example "2026-11-23T12:00:00Z"."""
    return moment.astimezone(UTC).strftime(_FORM)


def moment_of(text: str) -> datetime:
    """Return what `iso` returned as a moment. Raises ValueError."""
    return datetime.strptime(text, _FORM).replace(tzinfo=UTC)
