"""Grandfather, father, son: which snapshots of one volume in one region stay, and why each of them does.

Generations are counted in days, weeks and months that have a good snapshot, never from today: time that passes without
backups deletes nothing. A snapshot with no reason to stay may go; the last good one always has a reason.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo

from snapshot_backup.domain.rules import Policy
from snapshot_backup.domain.snapshots import Snapshot, age_order

_PERIODS: dict[str, Callable[[datetime], str]] = {
    "daily": lambda local: f"{local:%Y-%m-%d}",
    "weekly": lambda local: f"{local:%G-W%V}",
    "monthly": lambda local: f"{local:%Y-%m}",
}


def reasons_to_keep(history: Iterable[Snapshot], policy: Policy | None, zone: tzinfo) -> dict[str, list[str]]:
    """Return for each snapshot of one volume why it stays; days begin in `zone`. None for `policy` keeps everything."""
    snapshots = sorted(history, key=age_order, reverse=True)
    reasons = {each.snapshot_id: _untouchable(each, policy) for each in snapshots}
    good = [each for each in snapshots if each.good]
    for last in good[:1]:
        reasons[last.snapshot_id].append("the last good one")
    for kind in _PERIODS if policy else ():
        for period, chosen in _newest_of_each(good, kind, zone)[: getattr(policy, kind)]:
            reasons[chosen.snapshot_id].append(f"{kind} {period}")
    return reasons


def _untouchable(snapshot: Snapshot, policy: Policy | None) -> list[str]:
    if not snapshot.own:
        return ["not made by this workflow"]
    if snapshot.state != "completed":
        return [f"not completed: {snapshot.state}"]
    return [] if policy else ["its policy is not in the settings"]


def _newest_of_each(good: list[Snapshot], kind: str, zone: tzinfo) -> list[tuple[str, Snapshot]]:
    """Return each period that has a snapshot, newest first, with the last one taken in it.

    Of the hour that a clock repeats in autumn both halves are one day's, and order is that of UTC.
    """
    found: dict[str, Snapshot] = {}
    for snapshot in good:
        found.setdefault(_PERIODS[kind](snapshot.taken_at.astimezone(zone)), snapshot)
    return list(found.items())
