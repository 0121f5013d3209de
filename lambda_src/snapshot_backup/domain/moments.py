"""Reads moments that others wrote: the scheduler, Step Functions, and our own tags."""

from datetime import UTC, datetime

from snapshot_backup.domain.errors import BadInput


def parse(text: str) -> datetime:
    """Read ISO 8601 with a zone. Raises `BadInput`."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise BadInput(f"{text!r} is no moment in ISO 8601") from None
    if moment.tzinfo is None:
        raise BadInput(f"{text!r} has no zone: end it with Z")
    return moment.astimezone(UTC)
