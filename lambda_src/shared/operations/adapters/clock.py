"""The time, in one place, so that tests can turn it."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the moment in UTC."""
    return datetime.now(UTC)
