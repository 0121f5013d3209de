"""The mark on a volume that is to be deleted: since when, and when at the earliest; for people to read, too."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.operations.moments import iso, moment_of

PREFIX = "cleanup-"
MARKED_AT, DELETE_AFTER = f"{PREFIX}marked-at", f"{PREFIX}delete-after"
KEYS = (MARKED_AT, DELETE_AFTER)


@dataclass(frozen=True)
class Mark:
    """What the two tags say."""

    marked_at: datetime
    delete_after: datetime

    def to_tags(self) -> dict[str, str]:
        """Return the tags."""
        return {MARKED_AT: iso(self.marked_at), DELETE_AFTER: iso(self.delete_after)}


def is_marked(tags: Mapping[str, str]) -> bool:
    """Tell whether a volume carries a mark, readable or not."""
    return any(key in tags for key in KEYS)


def mark_of(tags: Mapping[str, str]) -> Mark | None:
    """Return the mark; None if there is none that can be read: then the volume is marked anew, with all its grace."""
    try:
        return Mark(moment_of(tags[MARKED_AT]), moment_of(tags[DELETE_AFTER]))
    except (KeyError, ValueError):
        return None
