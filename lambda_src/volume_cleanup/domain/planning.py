"""What is to become of each volume: marked, unmarked, deleted, or left alone; with the reason."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.operations.moments import iso
from shared.operations.opt_out import opt_out
from shared.operations.plan import Item
from volume_cleanup.domain.marks import Mark, is_marked, mark_of
from volume_cleanup.domain.rules import Rules
from volume_cleanup.domain.volume import Volume

MARK, UNMARK, DELETE = "MARK", "UNMARK", "DELETE"
SNAPSHOTS = "/snapshots"  # where the ledger keeps what became of the snapshots, apart from the volumes


@dataclass(frozen=True)
class Decisions:
    """What is to be done, and what is not, with reasons."""

    items: tuple[Item, ...]
    skipped: tuple[tuple[str, str], ...]

    @property
    def deletions(self) -> list[Item]:
        """What the limits are about."""
        return [item for item in self.items if item.action == DELETE]


def decide(volumes: Collection[Volume], since: Mapping[str, datetime], rules: Rules, now: datetime) -> Decisions:
    """Decide about each volume; `since` has the detached ones. Attached ones without a mark are not our business."""
    decided = [
        (volume.volume_id, _decide(volume, since, rules, now))
        for volume in volumes
        if not volume.attached or is_marked(volume.tags)
    ]
    return Decisions(
        tuple(item for _, item in decided if isinstance(item, Item)),
        tuple((volume_id, reason) for volume_id, reason in decided if isinstance(reason, str)),
    )


def _decide(volume: Volume, since: Mapping[str, datetime], rules: Rules, now: datetime) -> Item | str:
    """Return what is to be done to a volume, or why nothing is."""
    if volume.attached:
        return _unmark(volume, "attached again")
    if volume.state != "available":
        return f"its state is {volume.state}"
    kept = opt_out(volume.tags, now, rules.opt_out_tag)
    if kept.protected:
        return _unmark(volume, kept.reason) if is_marked(volume.tags) else kept.reason
    return _decide_unused(volume, since[volume.volume_id], kept.reason, rules, now)


def _decide_unused(volume: Volume, since: datetime, expired: str, rules: Rules, now: datetime) -> Item | str:
    """Decide about a volume that nobody uses or keeps; `expired` is what is to be said of its opt-out."""
    mark = mark_of(volume.tags)
    if mark and mark.marked_at < since:
        return _unmark(volume, f"attached or made after it was marked: unattached only since {iso(since)}")
    if now - since < rules.min_detached:
        return f"unattached for {(now - since).days} of {rules.min_detached.days} days"
    reason = f"unattached since {iso(since)}" + (f"; {expired}" if expired else "")
    if mark is None:
        return _costly(volume, MARK, reason, Mark(now, now + rules.grace), rules)
    if now < mark.delete_after:
        return f"marked, to be deleted after {iso(mark.delete_after)}"
    return _costly(volume, DELETE, f"{reason}; marked at {iso(mark.marked_at)}", mark, rules)


def _unmark(volume: Volume, reason: str) -> Item:
    return Item(volume.volume_id, UNMARK, reason)


def _costly(volume: Volume, action: str, reason: str, mark: Mark, rules: Rules) -> Item:
    usd = volume.gib * rules.prices.of(volume.kind)
    facts = {"mark": mark.to_tags(), "owner": rules.owner_of(volume.tags), "type": volume.kind}
    return Item(volume.volume_id, action, reason, volume.gib, usd, facts)
