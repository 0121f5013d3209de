"""What a `filter` of Logs Insights says: comparisons, `like`, `ispresent`, put together with and, or, not."""

import operator
import re
from collections.abc import Callable
from typing import Any

type Row = dict[str, Any]
type Condition = Callable[[Row], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<regex>/(?:\\.|[^/])*/i?)|(?P<text>"(?:\\.|[^"])*"|'(?:\\.|[^'])*')|(?P<number>-?\d+(?:\.\d+)?)"""
    r"""|(?P<sign>!=|>=|<=|=|>|<|\(|\))|(?P<word>[\w@.]+))""",
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


class Malformed(Exception):
    """A query that Logs Insights would not take; the message says where."""


def condition(text: str) -> Condition:
    """Return what `text` asks of a row. Raises Malformed."""
    tokens, at = [], 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if not found:
            raise Malformed(f"unexpected {text[at:]!r}")
        tokens.append((str(found.lastgroup), str(found[str(found.lastgroup)])))
        at = found.end()
    parser = _Parser(tokens)
    whole = parser.either()
    if parser.tokens:
        raise Malformed(f"unexpected {parser.tokens[0][1]!r}")
    return whole


def number(value: Any) -> float | None:
    """Return a value as a number, None when it is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens

    def either(self) -> Condition:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return lambda row: any(part(row) for part in parts)

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return lambda row: all(part(row) for part in parts)

    def _one(self) -> Condition:
        if self._take("not"):
            inner = self._one()
            return lambda row: not inner(row)
        if self._take("("):
            inner = self.either()
            self._demand(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        kind, name = self._next()
        if kind != "word":
            raise Malformed(f"{name!r} is no field")
        if self._take("("):
            _, field = self._next()
            self._demand(")")
            if name == "ispresent":
                return lambda row: field in row
            if (name, field) != ("toMillis", "@timestamp"):
                raise Malformed(f"unknown function {name!r}")
            name = "@millis"
        if self._take("like"):
            return _like(name, *self._next())
        _, sign = self._next()
        if sign not in _COMPARISONS:
            raise Malformed(f"{sign!r} compares nothing")
        return _compare(name, sign, *self._next())

    def _next(self) -> tuple[str, str]:
        if not self.tokens:
            raise Malformed("the filter ends too early")
        return self.tokens.pop(0)

    def _take(self, word: str) -> bool:
        if self.tokens and self.tokens[0][0] in ("word", "sign") and self.tokens[0][1].lower() == word:
            self.tokens.pop(0)
            return True
        return False

    def _demand(self, word: str) -> None:
        if not self._take(word):
            raise Malformed(f"{word!r} is missing")


def _like(name: str, kind: str, literal: str) -> Condition:
    if kind == "regex":
        pattern = re.compile(literal.rstrip("i")[1:-1], re.IGNORECASE if literal.endswith("i") else 0)
    else:
        pattern = re.compile(re.escape(literal[1:-1]))
    return lambda row: name in row and pattern.search(str(row[name])) is not None


def _compare(name: str, sign: str, kind: str, literal: str) -> Condition:
    wanted = literal[1:-1] if kind == "text" else literal

    def holds(row: Row) -> bool:
        if name not in row:
            return False
        numbers = number(row[name]), number(wanted)
        pair = (str(row[name]), wanted) if None in numbers else numbers
        return _COMPARISONS[sign](*pair)

    return holds
