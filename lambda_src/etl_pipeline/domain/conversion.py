"""Turns a column's texts into DynamoDB's JSON, exactly: nothing is rounded, guessed or cut off."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Clamped, Context, Inexact, Overflow, Rounded, Subnormal
from json import encoder

from etl_pipeline.domain.contract import ColumnRule

quoted: Callable[[str], str] = encoder.encode_basestring  # written in C, and it leaves é as it is

_REMEMBERED_LENGTH = 64

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
_NUMBERS = Context(prec=38, Emin=-130, Emax=125, traps=[Clamped, Inexact, Overflow, Rounded, Subnormal])
_INTEGER = re.compile(r"[+-]?[0-9]{1,38}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_BOOLEANS = {"true": "true", "t": "true", "yes": "true", "y": "true", "1": "true"} | {
    "false": "false", "f": "false", "no": "false", "n": "false", "0": "false",
}  # fmt: skip


class BadValue(Exception):
    """A text is not what its column's rule says: (column, reason, text)."""


class Column(dict[str, str]):
    """Maps a text to its fragment of an item, `"name":{"N":"7"}`, or to "" if the value is missing.

    It is a dictionary, so that a value that was seen before costs one look-up and no Python code; only short values are
    remembered, and only so many. Raises `BadValue`.
    """

    def __init__(self, rule: ColumnRule, missing: frozenset[str], remembered: int) -> None:
        super().__init__()
        self.rule = rule
        self._missing = missing
        self._remembered = remembered
        self._tag, self._convert = _converter(rule)
        self._name = quoted(rule.name)

    def __missing__(self, text: str) -> str:
        value = self.canonical(text)
        fragment = "" if value is None else f'{self._name}:{{"{self._tag}":{self._literal(value)}}}'
        if len(text) <= _REMEMBERED_LENGTH and len(self) < self._remembered:
            self[text] = fragment
        return fragment

    def canonical(self, text: str) -> str | None:
        """Return the value in its one accepted spelling, None if it is missing. Raises `BadValue`."""
        trimmed = text.strip()
        if trimmed in self._missing:
            if self.rule.required:
                raise BadValue(self.rule.name, "is required", text)
            return None
        try:
            return self._convert(trimmed)
        except UnicodeEncodeError:
            raise BadValue(self.rule.name, "is not valid Unicode", ascii(text)) from None
        except (ArithmeticError, ValueError) as problem:
            reason = str(problem) if type(problem) is _Unfit else f"is not a valid {self.rule.type}"
            raise BadValue(self.rule.name, reason, text) from None

    def _literal(self, value: str) -> str:
        return value if self._tag == "BOOL" else quoted(value)


class _Unfit(ValueError):
    """The reason, in a row's words."""


def _converter(rule: ColumnRule) -> tuple[str, Callable[[str], str]]:
    pattern, limit = rule.format, rule.max_length
    converters: dict[str, tuple[str, Callable[[str], str]]] = {
        "string": ("S", lambda text: _string(text, limit)),
        "integer": ("N", _integer),
        "decimal": ("N", _decimal),
        "boolean": ("BOOL", _boolean),
        "date": ("S", lambda text: _date(text, pattern)),
        "timestamp": ("S", lambda text: _timestamp(text, pattern)),
    }
    return converters[rule.type]


def _string(text: str, limit: int) -> str:
    if len(text.encode()) > limit:
        raise _Unfit(f"is longer than {limit:,} bytes")
    return text


def _integer(text: str) -> str:
    if not _INTEGER.fullmatch(text):
        raise ValueError
    return str(int(text))


def _decimal(text: str) -> str:
    if not _DECIMAL.fullmatch(text):
        raise ValueError
    return str(_NUMBERS.normalize(_NUMBERS.plus(_NUMBERS.create_decimal(text))))


def _boolean(text: str) -> str:
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise ValueError
    return value


def _date(text: str, pattern: str | None) -> str:
    return (datetime.strptime(text, pattern).date() if pattern else date.fromisoformat(text)).isoformat()  # noqa: DTZ007  # a date has no zone


def _timestamp(text: str, pattern: str | None) -> str:
    """Return ISO 8601: in UTC when the text names an offset, without a zone when it does not."""
    moment = datetime.strptime(text, pattern) if pattern else datetime.fromisoformat(text)  # noqa: DTZ007  # see above
    return (moment.astimezone(UTC) if moment.tzinfo else moment).isoformat()
