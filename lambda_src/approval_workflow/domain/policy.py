"""The policy of an environment: who may approve, what may be launched, for how long and at what price."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from approval_workflow.domain.errors import BadPolicy
from approval_workflow.domain.people import People, Person
from approval_workflow.domain.rounds import rounds
from shared.typed import NAME, parsed

_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_PRICE_DIGITS = 6  # on either side of the point


@dataclass(frozen=True)
class _Type:
    """An instance type that may be had, as it is written."""

    type: str
    usd_per_hour: Decimal

    def __post_init__(self) -> None:
        _check_price(self.usd_per_hour)


@dataclass(frozen=True)
class _Approvals:
    """Who decides, as it is written."""

    needed: int
    approvers: tuple[str, ...] = field(metadata={NAME: "from"})

    def __post_init__(self) -> None:
        if self.needed < 1:
            raise ValueError("needed must be 1 or more")


@dataclass(frozen=True)
class _Written:
    """The policy as Terraform writes it."""

    people: Mapping[str, Person]
    instance_types: tuple[_Type, ...]
    image_parameters: tuple[str, ...]
    cost_centres: tuple[str, ...]
    max_hours: int
    max_price_usd: Decimal
    approvals: _Approvals
    deadline_seconds: int
    reminders: int
    warning_seconds: int

    def __post_init__(self) -> None:
        _check_price(self.max_price_usd)
        if wrong := sorted(name for name in self.people if not _NAME.fullmatch(name)):
            raise ValueError(f"{wrong[0]!r} is no name of at most 64 letters, digits, dots, hyphens and underscores")
        if strangers := sorted(set(self.approvals.approvers) - set(self.people)):
            raise ValueError(f"approvals.from names {', '.join(strangers)}, whom people does not")


@dataclass(frozen=True)
class Policy:
    """What Terraform's value says; `prices` are US dollars an hour by instance type, in the order of preference."""

    people: People
    prices: Mapping[str, Decimal]
    image_parameters: tuple[str, ...]
    cost_centres: tuple[str, ...]
    max_hours: int
    max_price_usd: Decimal
    approvals_needed: int
    approvers: tuple[str, ...]
    rounds: tuple[int, ...]
    warning_seconds: int

    @property
    def deadline_seconds(self) -> int:
        """How long people have to decide."""
        return sum(self.rounds)

    def cost(self, instance_type: str, hours: int) -> Decimal:
        """Return what an instance costs, in US dollars, exactly; KeyError for a type that is not allowed."""
        return self.prices[instance_type] * hours

    @classmethod
    def from_text(cls, text: str) -> "Policy":
        """Read the policy's JSON. Raises `BadPolicy`."""
        try:
            written = parsed(_Written, text)
            return cls(
                people=People(written.people),
                prices={each.type: each.usd_per_hour for each in written.instance_types},
                image_parameters=written.image_parameters,
                cost_centres=written.cost_centres,
                max_hours=written.max_hours,
                max_price_usd=written.max_price_usd,
                approvals_needed=written.approvals.needed,
                approvers=written.approvals.approvers,
                rounds=tuple(rounds(written.deadline_seconds, written.reminders)),
                warning_seconds=written.warning_seconds,
            )
        except ValueError as problem:  # a document of another form, or too short a deadline
            raise BadPolicy(f"the policy cannot be read: {problem}") from problem


def _check_price(price: Decimal) -> None:
    if not 0 <= price < 10**_PRICE_DIGITS or price != round(price, _PRICE_DIGITS):
        raise ValueError(f"{price} is no price with at most {_PRICE_DIGITS} digits on either side of the point")
