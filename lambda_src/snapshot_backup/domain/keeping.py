"""Decides for every snapshot of both regions whether it stays, is copied, or goes; nothing is without a reason."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Literal

from snapshot_backup.domain.retention import reasons_to_keep
from snapshot_backup.domain.rules import Rules
from snapshot_backup.domain.snapshots import Snapshot, newest


@dataclass(frozen=True)
class Decision:
    """What happens to a snapshot and why; right before it goes, those that it `leans_on` must still be good."""

    snapshot: Snapshot
    action: Literal["KEEP", "COPY", "DELETE"]
    reason: str
    leans_on: tuple[Snapshot, ...] = ()


@dataclass(frozen=True)
class Stock:
    """All the snapshots of both regions.

    `policies` names the policy of each volume that asks for one today; others keep that of their newest snapshot.
    `protected` says of snapshots that people protect by a tag what the tag says.
    """

    snapshots: list[Snapshot]
    rules: Rules
    policies: Mapping[str, str]
    protected: Mapping[str, str]

    def decisions(self) -> Iterator[Decision]:
        """Decide about each snapshot, once."""

        def place(snapshot: Snapshot) -> tuple[str, str]:
            return snapshot.region, snapshot.volume_id

        for (_, volume_id), group in groupby(sorted(self.snapshots, key=place), key=place):
            yield from self._of_one_place(volume_id, list(group))

    def _of_one_place(self, volume_id: str, history: list[Snapshot]) -> Iterator[Decision]:
        last = newest(history)
        policy = self.policies.get(volume_id) or (last.policy if last else "")
        reasons = reasons_to_keep(history, self.rules.policies.get(policy), self.rules.zone)
        for each in history:
            why = "; ".join(filter(None, [*reasons[each.snapshot_id], self._protection(each)]))
            if self._lacks_copy(each):
                yield Decision(each, "COPY", why or "it may go once its copy is completed")
            elif why or last is None:
                yield Decision(each, "KEEP", why)
            else:
                copy = self._copies.get(each.snapshot_id)
                yield Decision(each, "DELETE", f"no generation of {policy}", (last, copy) if copy else (last,))

    def _protection(self, snapshot: Snapshot) -> str:
        """Say what protects a snapshot besides its generation, "" if nothing does.

        A copy outlives its source, so that what was copied once is never taken for something that lacks its copy.
        """
        if snapshot.copy_of in self._ids:
            return "its source is still there"
        copy = self._copies.get(snapshot.snapshot_id)
        if copy and self.rules.copy_region and not copy.good:
            return "its copy is not completed yet"
        return self.protected.get(snapshot.snapshot_id, "")

    def _lacks_copy(self, snapshot: Snapshot) -> bool:
        copy = self._copies.get(snapshot.snapshot_id)
        wanted = bool(self.rules.copy_region) and snapshot.good and not snapshot.copy_of
        return wanted and (copy is None or copy.state == "error")

    @cached_property
    def _ids(self) -> set[str]:
        return {each.snapshot_id for each in self.snapshots}

    @cached_property
    def _copies(self) -> dict[str, Snapshot]:
        """The copy of each snapshot that has one; of several the best."""
        copies = [each for each in self.snapshots if each.own and each.copy_of]
        return {each.copy_of: each for each in sorted(copies, key=lambda each: (each.good, each.state != "error"))}
