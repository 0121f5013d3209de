"""The workflow's settings, as Terraform writes them and a run keeps them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from idle_resources.domain.calendar import Calendar
from idle_resources.domain.idleness import Idleness
from shared.operations.limits import Limits
from shared.operations.money import Prices
from shared.operations.opt_out import TAG
from shared.typed import decoded

OPERATORS = "operators"  # who is told of what has no owner


@dataclass(frozen=True)
class _Written:
    """The settings as they are written, but for calendars, idleness and prices."""

    veto_minutes: int
    limits: Limits
    other_types: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    opt_out_tag: str = TAG
    owner_tag: str = "owner"


@dataclass(frozen=True)
class Rules:
    """When people work, what idle means (None: nothing is), how long owners have for a veto, how much a run may stop.

    `prices` are US dollars an hour by instance type, `other_types` what to start instead when AWS has no room.
    """

    calendars: Mapping[str, Calendar]
    idleness: Idleness | None
    veto: timedelta
    limits: Limits
    prices: Prices
    other_types: Mapping[str, tuple[str, ...]]
    opt_out_tag: str
    owner_tag: str

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Rules":
        """Read the settings. Raises `BadDocument`, `BadCalendar` and `BadPrice`."""
        written, idle = decoded(_Written, document), document.get("idle")
        calendars = document.get("calendars") or {}
        return cls(
            calendars={name: Calendar.from_document(each) for name, each in calendars.items()},
            idleness=Idleness.from_document(idle) if idle else None,
            veto=timedelta(minutes=written.veto_minutes),
            limits=written.limits,
            prices=Prices.from_document(document.get("prices") or {}),
            other_types=written.other_types,
            opt_out_tag=written.opt_out_tag,
            owner_tag=written.owner_tag,
        )

    def owner_of(self, tags: Mapping[str, str]) -> str:
        """Return whom a resource belongs to."""
        return tags.get(self.owner_tag) or OPERATORS

    def unpriced(self, kinds: Iterable[str]) -> list[str]:
        """Return the instance types that have no price."""
        return sorted(set(kinds) - self.prices.usd.keys())
