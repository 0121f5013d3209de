"""Prices usage: graduated tiers, decimals without a rounding but the last one, half to even, to the currency's unit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from itertools import pairwise
from typing import Any

from queue_processor.domain.errors import BadPriceList, KeyReused, UnknownMeter
from queue_processor.domain.usage import UsageRecord

_EXACT = Context(prec=64, rounding=ROUND_HALF_EVEN)  # a quantity times a price has 42 digits at most
_NO_END = Decimal("Infinity")
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_MAX_MINOR_UNITS = 4


@dataclass(frozen=True)
class InvoiceLine:
    """What a customer owes for one usage record."""

    usage: UsageRecord
    amount: Decimal
    currency: str

    def check_repeats(self, stored: "InvoiceLine") -> None:
        """Accept the line stored before under the same key; its price may have been another. Raises `KeyReused`."""
        if stored.usage != self.usage:
            raise KeyReused("another usage record has the same usage_id")


@dataclass(frozen=True)
class Tier:
    """The price of each unit up to a quantity, above that of the tier before; the last tier's is infinite."""

    up_to: Decimal
    unit_price: Decimal


@dataclass(frozen=True)
class Meter:
    """What one meter's units cost; `minor_units` is the number of digits after the currency's point."""

    currency: str
    minor_units: int
    tiers: tuple[Tier, ...]

    @classmethod
    def from_document(cls, name: str, document: Mapping[str, Any]) -> "Meter":
        """Read a meter's part of the price list; null stands for an absent attribute. Raises `BadPriceList`."""
        minor_units = document.get("minor_units")
        meter = cls(
            document["currency"],
            2 if minor_units is None else minor_units,
            tuple(Tier(_limit(tier.get("up_to")), _decimal(tier["unit_price"])) for tier in document["tiers"]),
        )
        if not _CURRENCY.fullmatch(meter.currency) or meter.minor_units not in range(_MAX_MINOR_UNITS + 1):
            raise BadPriceList(f"meter {name!r}: a currency has three capitals and 0 to {_MAX_MINOR_UNITS} minor units")
        ends = [Decimal(0), *(tier.up_to for tier in meter.tiers)]
        if ends[-1] != _NO_END or not all(lower < higher for lower, higher in pairwise(ends)):
            raise BadPriceList(f"meter {name!r}: `up_to` must rise from tier to tier, and only the last has none")
        return meter

    def amount(self, quantity: Decimal) -> Decimal:
        """Return the price of a quantity: each part at the price of its own tier, rounded once, at the end."""
        with localcontext(_EXACT):
            total = counted = Decimal(0)
            for tier in self.tiers:
                end = min(quantity, tier.up_to)
                total += (end - counted) * tier.unit_price
                counted = end
            return total.quantize(Decimal(1).scaleb(-self.minor_units))


@dataclass(frozen=True)
class PriceList:
    """What every meter's units cost."""

    meters: Mapping[str, Meter]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "PriceList":
        """Read the price list's JSON. Raises `BadPriceList`."""
        try:
            return cls({name: Meter.from_document(name, meter) for name, meter in document.items()})
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            raise BadPriceList(f"the price list cannot be read: {problem!r}") from problem

    def line(self, usage: UsageRecord) -> InvoiceLine:
        """Price a usage record. Raises `UnknownMeter`."""
        meter = self.meters.get(usage.meter)
        if meter is None:
            raise UnknownMeter("the meter has no price")
        return InvoiceLine(usage, meter.amount(usage.quantity), meter.currency)


def _limit(value: object) -> Decimal:
    return _NO_END if value is None else _decimal(value)


def _decimal(value: object) -> Decimal:
    """Read a number of the list, or a text of digits, exactly."""
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{value!r} is not a number from 0 with at most 9 digits on either side of the point")
    return Decimal(text)
