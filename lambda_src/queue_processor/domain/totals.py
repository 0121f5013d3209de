"""The part of the totals that needs no table: reads results from the stream and packs them into few transactions."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from queue_processor.domain.errors import UnreadableResult

MAX_ACTIONS = 100  # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
_EXACT = Context(prec=64)


@dataclass(frozen=True)
class Charge:
    """What one stream record adds to a total, which is one per customer and currency."""

    event_id: str
    sequence_number: str
    total: str
    amount: Decimal

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Charge | None":
        """Read a stream record; None for a removal, which takes nothing back. Raises `UnreadableResult`.

        A modification is a new result as well: it took the place of an expired one that TTL had not removed yet.
        """
        if record["eventName"] == "REMOVE":
            return None
        change = record["dynamodb"]
        try:
            image = change["NewImage"]
            total, amount = f"{image['customer']['S']}#{image['currency']['S']}", Decimal(image["amount"]["N"])
        except (InvalidOperation, KeyError, TypeError):
            raise UnreadableResult("the record holds no invoice line") from None
        return cls(record["eventID"], change["SequenceNumber"], total, amount)


def sums(charges: Iterable[Charge]) -> dict[str, tuple[Decimal, int]]:
    """Return the amount and the number of lines that each total grows by."""
    found: dict[str, tuple[Decimal, int]] = {}
    for charge in charges:
        amount, lines = found.get(charge.total, (Decimal(0), 0))
        found[charge.total] = _EXACT.add(amount, charge.amount), lines + 1
    return found


def transactions(charges: Iterable[Charge]) -> Iterator[list[Charge]]:
    """Pack charges in their order: a transaction has room for a mark of each charge and one update of each total."""
    packed: list[Charge] = []
    totals: set[str] = set()
    for charge in charges:
        if len(packed) + 1 + len(totals | {charge.total}) > MAX_ACTIONS:
            yield packed
            packed, totals = [], set()
        packed.append(charge)
        totals.add(charge.total)
    if packed:
        yield packed
