"""A usage record, the message that producers and we agreed on: who used how much of what, and in which month."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Never

from queue_processor.domain.errors import BadJson, BrokenContract

_MAX_TEXT_BYTES = 256
_QUANTITY = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")
_MOST_DIGITS = 30  # of a number that is worth spelling out before `_QUANTITY` judges it
_PERIOD = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")


@dataclass(frozen=True)
class UsageRecord:
    """What a customer used; `usage_id` is the business key, `period` a month such as 2026-11."""

    usage_id: str
    customer: str
    meter: str
    quantity: Decimal
    period: str

    @classmethod
    def from_body(cls, body: object) -> "UsageRecord":
        """Read a message's body. Raises `BadJson` and `BrokenContract`, whose sentences hold none of its values."""
        document = _parse(body)
        if not isinstance(document, dict):
            raise BrokenContract("the body must be a JSON object")
        if missing := [name for name in _FIELDS if name not in document]:
            raise BrokenContract(f"missing: {', '.join(missing)}")
        if len(document) > len(_FIELDS):
            raise BrokenContract("there are fields that nobody agreed on")
        return cls(**{name: check(name, document[name]) for name, check in _FIELDS.items()})


def _parse(body: object) -> Any:  # noqa: ANN401  # JSON
    if not isinstance(body, str):
        raise BadJson("the body is not text")
    try:
        return _DECODER.decode(body)
    except RecursionError:
        raise BadJson("the body is nested too deeply") from None
    except ArithmeticError:
        raise BadJson("a number's exponent is out of all bounds") from None
    except ValueError:
        raise BadJson("the body is not JSON") from None


def _refuse_constant(_name: str) -> Never:
    raise BadJson("JSON has no NaN and no Infinity")


def _refuse_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise BrokenContract("a field is there more than once")
    return document


# Numbers keep every digit, and stay texts in effect: Python's own integers refuse more than 4,300 digits.
_DECODER = json.JSONDecoder(
    parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_refuse_repetition
)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.isprintable() or not value or value != value.strip():
        raise BrokenContract(f"{name} must be printable text without spaces around it")
    if len(value.encode()) > _MAX_TEXT_BYTES:
        raise BrokenContract(f"{name} must have at most {_MAX_TEXT_BYTES} bytes")
    return value


def _quantity(name: str, value: object) -> Decimal:
    if isinstance(value, Decimal) and abs(value.adjusted()) < _MOST_DIGITS:
        value = f"{value:f}"
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise BrokenContract(f"{name} must be a number from 0 with at most 15 digits before and 9 after the point")
    return Decimal(value)


def _period(name: str, value: object) -> str:
    if not isinstance(value, str) or not _PERIOD.fullmatch(value):
        raise BrokenContract(f"{name} must be a month such as 2026-11")
    return value


_FIELDS: dict[str, Callable[[str, object], Any]] = {
    "usage_id": _text, "customer": _text, "meter": _text, "quantity": _quantity, "period": _period,
}  # fmt: skip
