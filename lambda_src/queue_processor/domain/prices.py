"""Prices usage: graduated tiers, decimals without a rounding but the last one, half to even, to the currency's unit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from itertools import pairwise

from queue_processor.domain.errors import BadPriceList, KeyReused, UnknownMeter
from queue_processor.domain.usage import UsageRecord
from shared.typed import BadDocument, decoded, document

_EXACT = Context(prec=64, rounding=ROUND_HALF_EVEN)  # a quantity times a price has 42 digits at most
_NO_END = Decimal("Infinity")
_DIGITS = 9  # on either side of the point
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

    unit_price: Decimal
    up_to: Decimal = _NO_END

    def __post_init__(self) -> None:
        for number in (self.unit_price, self.up_to):
            if number != _NO_END and not _is_short(number):
                raise ValueError(f"{number} is not from 0 on with at most {_DIGITS} digits on either side of the point")


@dataclass(frozen=True)
class Meter:
    """What one meter's units cost; `minor_units` is the number of digits after the currency's point."""

    currency: str
    tiers: tuple[Tier, ...]
    minor_units: int = 2

    def __post_init__(self) -> None:
        if not _CURRENCY.fullmatch(self.currency) or self.minor_units not in range(_MAX_MINOR_UNITS + 1):
            raise ValueError(f"a currency has three capitals and 0 to {_MAX_MINOR_UNITS} minor units")
        ends = [Decimal(0), *(tier.up_to for tier in self.tiers)]
        if ends[-1] != _NO_END or not all(lower < higher for lower, higher in pairwise(ends)):
            raise ValueError("`up_to` must rise from tier to tier, and only the last has none")

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
    def from_text(cls, text: str) -> "PriceList":
        """Read the price list: a JSON object of meters by name. Raises `BadPriceList`."""
        try:
            return decoded(cls, {"meters": document(text)})
        except BadDocument as problem:
            raise BadPriceList(f"the price list cannot be read: {problem}") from problem

    def line(self, usage: UsageRecord) -> InvoiceLine:
        """Price a usage record. Raises `UnknownMeter`."""
        meter = self.meters.get(usage.meter)
        if meter is None:
            raise UnknownMeter("the meter has no price")
        return InvoiceLine(usage, meter.amount(usage.quantity), meter.currency)


def _is_short(number: Decimal) -> bool:
    return 0 <= number < 10**_DIGITS and number == round(number, _DIGITS)
