"""How much one run may do at most. Over any limit it does nothing at all."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from shared.operations.plan import Item
from shared.typed import decoded


@dataclass(frozen=True)
class Limits:
    """A number of resources, their size in GiB, and their share of all there are in percent."""

    max_count: int
    max_gib: int
    max_percent: float

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Limits":
        """Read the limits of a workflow's settings; other keys do not matter. Raises `BadDocument`."""
        return decoded(cls, document)

    def exceeded(self, items: Collection[Item], seen: int) -> list[str]:
        """Return a sentence for each limit that acting on `items`, of `seen` resources in all, would exceed."""
        gib, percent = sum(item.gib for item in items), 100 * len(items) / max(seen, 1)
        compared = (
            (len(items), self.max_count, f"{len(items):,} resources, the limit is {self.max_count:,}"),
            (gib, self.max_gib, f"{gib:,} GiB, the limit is {self.max_gib:,}"),
            (percent, self.max_percent, f"{percent:.1f} % of all {seen:,}, the limit is {self.max_percent:g} %"),
        )
        return [sentence for value, limit, sentence in compared if value > limit]
