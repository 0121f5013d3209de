"""A run's plan: what is to be done to which resource and why, complete and stored before anything is done."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import batched
from typing import Any

PAGE_ITEMS = 50


@dataclass(frozen=True)
class Item:
    """One resource and what is to be done to it; `gib` and `usd_per_month` are what that would save.

    `action` is a word in capitals such as "DELETE"; `facts` are JSON values that the acting step needs.
    """

    resource_id: str
    action: str
    reason: str
    gib: int = 0
    usd_per_month: Decimal = Decimal(0)
    facts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Item":
        """Read what `to_document` returned."""
        return cls(**{**document, "usd_per_month": Decimal(document["usd_per_month"])})

    def to_document(self) -> dict[str, Any]:
        """Return the item as JSON values."""
        return {**vars(self), "facts": dict(self.facts), "usd_per_month": str(self.usd_per_month)}


@dataclass(frozen=True)
class Page:
    """What one step works on at a time: a part of the plan, and the rules of its run.

    `number` counts from 0 to `pages` - 1, `rules` are the workflow's settings as they were when the run began.
    """

    run_id: str
    number: int
    pages: int
    rules: Mapping[str, Any]
    items: tuple[Item, ...]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Page":
        """Read what `to_document` returned."""
        return cls(**{**document, "items": _items(document)})

    def to_document(self) -> dict[str, Any]:
        """Return the page as JSON values."""
        return {**vars(self), "items": [item.to_document() for item in self.items]}


@dataclass(frozen=True)
class Plan:
    """A whole run: of `seen` resources in all, `items` are to be acted on, `skipped` are not, each with its reason."""

    run_id: str
    workflow: str
    seen: int
    rules: Mapping[str, Any]
    items: tuple[Item, ...]
    skipped: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Plan":
        """Read what `to_document` returned."""
        skipped = tuple((resource_id, reason) for resource_id, reason in document["skipped"])
        return cls(**{**document, "items": _items(document), "skipped": skipped})

    def to_document(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        return {**vars(self), "items": [item.to_document() for item in self.items], "skipped": list(self.skipped)}

    def pages(self, size: int = PAGE_ITEMS) -> Iterator[Page]:
        """Yield the items, `size` at a time."""
        parts = list(batched(self.items, size, strict=False))
        for number, items in enumerate(parts):
            yield Page(self.run_id, number, len(parts), self.rules, items)


def _items(document: Mapping[str, Any]) -> tuple[Item, ...]:
    return tuple(Item.from_document(item) for item in document["items"])
