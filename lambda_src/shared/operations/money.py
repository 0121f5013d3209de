"""What resources cost, by prices that an environment gives as data: exact decimals, never floats."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

HOURS_PER_MONTH = 730  # as AWS's own price pages reckon


class BadPrice(Exception):
    """A price in the settings is no decimal number; the sentence names it."""


@dataclass(frozen=True)
class Prices:
    """US dollars by name: a volume type's per GiB and month, an instance type's per hour, for example.

    `unknown` collects the names that were asked for and have no price; they count as nothing.
    """

    usd: Mapping[str, Decimal]
    unknown: set[str] = field(default_factory=set)

    @classmethod
    def from_document(cls, document: Mapping[str, str]) -> "Prices":
        """Read the settings' prices. Raises `BadPrice`."""
        return cls({name: _price(name, text) for name, text in document.items()})

    def of(self, name: str) -> Decimal:
        """Return a price, 0 if it is unknown."""
        if name not in self.usd:
            self.unknown.add(name)
        return self.usd.get(name, Decimal(0))


def _price(name: str, text: str) -> Decimal:
    try:
        price = Decimal(str(text))
    except InvalidOperation:
        price = Decimal(-1)
    if not price.is_finite() or price < 0:
        raise BadPrice(f"the price of {name} is {text!r}, not a number of US dollars")
    return price
