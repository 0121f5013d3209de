"""The clean-up's settings, as Terraform writes them and a run keeps them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.operations.limits import Limits
from shared.operations.money import Prices
from shared.operations.opt_out import TAG
from shared.typed import decoded

OPERATORS = "operators"  # who is told of what has no owner


@dataclass(frozen=True)
class _Written:
    """The settings as they are written, but for the prices."""

    min_detached_days: int
    grace_days: int
    limits: Limits
    opt_out_tag: str = TAG
    owner_tag: str = "owner"
    workers: int = 4
    looks: int = 360
    look_seconds: int = 60


@dataclass(frozen=True)
class Rules:
    """How long a volume must have been detached, how long its owner then has, and how much one run may delete.

    `looks` is how often the machine looks whether snapshots are completed, every `look_seconds`.
    """

    min_detached: timedelta
    grace: timedelta
    limits: Limits
    prices: Prices
    opt_out_tag: str
    owner_tag: str
    workers: int
    looks: int
    look_seconds: int

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Rules":
        """Read the settings. Raises `BadDocument` and `BadPrice`."""
        written = decoded(_Written, document)
        return cls(
            min_detached=timedelta(days=written.min_detached_days),
            grace=timedelta(days=written.grace_days),
            limits=written.limits,
            prices=Prices.from_document(document.get("prices") or {}),
            opt_out_tag=written.opt_out_tag,
            owner_tag=written.owner_tag,
            workers=written.workers,
            looks=written.looks,
            look_seconds=written.look_seconds,
        )

    def owner_of(self, tags: Mapping[str, str]) -> str:
        """Return whom a volume belongs to."""
        return tags.get(self.owner_tag) or OPERATORS

    def unpriced(self, kinds: Iterable[str | None]) -> list[str]:
        """Return the volume types that have no price."""
        return sorted({kind for kind in kinds if kind} - self.prices.usd.keys())
