"""The tags of this workflow: those that owners write, and those that it writes itself."""

from collections.abc import Mapping
from datetime import UTC, datetime

from shared.operations.moments import moment_of
from shared.operations.opt_out import OptOut

# Owners write these.
SCHEDULE = "schedule"  # a calendar's name
OVERRIDE = "keep-running-until"  # a moment, such as 2026-12-31T18:00:00+01:00
ORDER = "start-order"  # a number: lower ones run before higher ones are started
OFF_SIZE = "off-hours-size"  # of an Auto Scaling group, 0 if it is not there

# The workflow writes these.
STOP_AFTER = "stop-after"  # the warning: the moment when the time for a veto ends
STOPPED_BY = "stopped-by"
STOPPED_AT = "stopped-at"
OWN_TYPE = "own-type"  # of an instance that runs as another type, for want of capacity
OWN_SIZE = "own-size"  # of a group that is scaled down: its minimum and what it desires, such as 2/4
STALE = (STOP_AFTER, STOPPED_BY, STOPPED_AT)  # what has no meaning once a machine is to run and does


def moment_in(tags: Mapping[str, str], tag: str) -> datetime | None:
    """Return the moment that one of the workflow's own tags holds; None if there is none that can be read."""
    try:
        return moment_of(tags[tag])
    except (KeyError, ValueError):
        return None


def override(tags: Mapping[str, str], now: datetime) -> OptOut:
    """Tell whether an owner keeps a resource running `now`; without a time zone of its own, the moment is in UTC."""
    text = tags.get(OVERRIDE)
    if text is None:
        return OptOut(False)
    try:
        until = datetime.fromisoformat(text.strip())
    except ValueError:
        return OptOut(True, f"kept running, as {OVERRIDE} is no moment like 2026-12-31T18:00:00Z: {text[:40]!r}")
    if now < (until if until.tzinfo else until.replace(tzinfo=UTC)):
        return OptOut(True, f"kept running until {text} ({OVERRIDE})")
    return OptOut(False, f"{OVERRIDE} expired at {text}")


def number_in(tags: Mapping[str, str], tag: str, default: int) -> int:
    """Return the number that one of the owners' tags holds, or `default`."""
    text = tags.get(tag, "").strip()
    return int(text) if text.isascii() and text.isdigit() else default
