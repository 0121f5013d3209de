"""One run: the slot of the schedule that it fills, however often the scheduler delivers it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.operations.moments import iso
from snapshot_backup.domain.moments import parse


@dataclass(frozen=True)
class Run:
    """A slot, ISO 8601 in UTC: every execution of one slot is the same run and goes on where another one stopped."""

    slot: str

    @classmethod
    def from_execution(cls, execution: Mapping[str, Any]) -> "Run":
        """Read the slot from the execution's input; one started by hand fills the moment of its start.

        Raises `BadInput`.
        """
        return cls(iso(parse((execution.get("Input") or {}).get("slot") or execution["StartTime"])))

    @property
    def backup_id(self) -> str:
        """The plan and ledger of what this run snapshots."""
        return f"backup-{self._compact}"

    @property
    def keeping_id(self) -> str:
        """The plan and ledger of what this run copies and deletes."""
        return f"keeping-{self._compact}"

    @property
    def _compact(self) -> str:
        return self.slot.replace("-", "").replace(":", "")
