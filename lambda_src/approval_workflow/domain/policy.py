"""The policy of an environment: who may approve, what may be launched, for how long and at what price."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from approval_workflow.domain.errors import BadPolicy
from approval_workflow.domain.people import People, Person
from approval_workflow.domain.rounds import rounds

_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_PRICE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")


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
            return cls._from_document(json.loads(text, parse_float=Decimal))
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            raise BadPolicy(f"the policy cannot be read: {problem!r}") from problem

    @classmethod
    def _from_document(cls, document: Mapping[str, Any]) -> "Policy":
        approvals = document["approvals"]
        policy = cls(
            people=People({_name(name): Person(**person) for name, person in document["people"].items()}),
            prices={each["type"]: _price(each["usd_per_hour"]) for each in document["instance_types"]},
            image_parameters=tuple(document["image_parameters"]),
            cost_centres=tuple(document["cost_centres"]),
            max_hours=int(document["max_hours"]),
            max_price_usd=_price(document["max_price_usd"]),
            approvals_needed=int(approvals["needed"]),
            approvers=tuple(approvals["from"]),
            rounds=tuple(rounds(int(document["deadline_seconds"]), int(document["reminders"]))),
            warning_seconds=int(document["warning_seconds"]),
        )
        if strangers := set(policy.approvers) - set(policy.people.by_name):
            raise BadPolicy(f"approvals.from names {', '.join(sorted(strangers))}, whom people does not")
        if policy.approvals_needed < 1:
            raise BadPolicy("approvals.needed must be 1 or more")
        return policy


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name of at most 64 letters, digits, dots, hyphens and underscores")
    return text


def _price(value: object) -> Decimal:
    if not _PRICE.fullmatch(str(value)):
        raise ValueError(f"{value!r} is no price with at most 6 digits on either side of the point")
    return Decimal(str(value))
