"""The time, in one place, so that tests can turn it."""

import time

from approval_workflow.domain.moments import iso


def now() -> int:
    """Return the seconds since 1970."""
    return int(time.time())


def moment() -> str:
    """Return now as ISO 8601 in UTC."""
    return iso(now())
