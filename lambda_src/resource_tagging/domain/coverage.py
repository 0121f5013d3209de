"""The share of resources that have an owner."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from resource_tagging.domain.identity import UNKNOWN

_PREVIEW = 20


@dataclass(frozen=True)
class Coverage:
    """How many resources there are, how many have an owner, and the first few that have none."""

    seen: int
    owned: int
    without: tuple[str, ...]

    @classmethod
    def of(cls, resources: Iterable[tuple[str, Mapping[str, str]]], owner_tag: str) -> "Coverage":
        """Count resources (id, tags); an owner who is "unknown" is none."""
        seen, without, preview = 0, 0, list[str]()
        for resource_id, tags in resources:
            seen += 1
            if tags.get(owner_tag, UNKNOWN) in {UNKNOWN, ""}:
                without += 1
                preview += [resource_id][: _PREVIEW - len(preview)]
        return cls(seen, seen - without, tuple(preview))

    @property
    def percent(self) -> Decimal:
        """The share in percent with one digit, never rounded up to 100; of nothing at all everything has an owner."""
        if not self.seen:
            return Decimal("100.0")
        return (Decimal(self.owned) * 100 / self.seen).quantize(Decimal("0.1"), rounding=ROUND_DOWN)
