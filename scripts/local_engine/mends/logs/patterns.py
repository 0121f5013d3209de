"""Filter patterns of CloudWatch Logs: terms, and selectors over JSON events.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

import json
import operator
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

type Matcher = Callable[[str], bool]
type Predicate = Callable[[Any], bool]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|&&|\|\||[()]|!=|<=|>=|[=<>]|%[^%]*%|[^\s()=<>!"&|]+')
_TERM = re.compile(r'([-?]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))')
_ORDER = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}
_MISSING = object()


class PatternError(ValueError):
    """A pattern that CloudWatch Logs would refuse, or of a kind not known here."""


def compile_pattern(pattern: str) -> Matcher:
    """Return the function that tells whether an event's message matches; raises PatternError."""
    pattern = pattern.strip()
    if pattern.startswith("{") and pattern.endswith("}"):
        return _over_json(_Selectors(pattern[1:-1]).parse())
    return _terms(pattern)


def value_of(message: str, selector: str) -> Any:
    """Return what a selector such as `$.latency` finds in a JSON event; None when there is nothing."""
    try:
        found = _select(json.loads(message), selector)
    except ValueError:
        return None
    return None if found is _MISSING else found


def _terms(pattern: str) -> Matcher:
    """AWS: all plain terms, at least one of those with `?`, none of those with `-`; case matters."""
    sought: dict[str, list[str]] = {"": [], "?": [], "-": []}
    for sign, phrase, word in _TERM.findall(pattern):
        sought[sign].append(phrase or word)

    def matches(message: str) -> bool:
        if any(term in message for term in sought["-"]) or not all(term in message for term in sought[""]):
            return False
        return not sought["?"] or any(term in message for term in sought["?"])

    return matches


def _over_json(predicate: Predicate) -> Matcher:
    def matches(message: str) -> bool:
        try:
            return predicate(json.loads(message))
        except ValueError:
            return False

    return matches


def _select(event: Any, selector: str) -> Any:
    for name, index in re.findall(r"\.([\w@-]+)|\[(\d+)\]", selector.removeprefix("$")):
        try:
            event = event[int(index)] if index else event[name]
        except (KeyError, IndexError, TypeError):
            return _MISSING
    return event


class _Selectors:
    """A recursive-descent parser of `$.a = "x" && ($.n > 2 || $.b IS NULL)`."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)

    def parse(self) -> Predicate:
        found = self._alternatives()
        if self._tokens:
            raise PatternError(f"Invalid metric filter pattern near {self._tokens[0]}")
        return found

    def _next(self) -> str:
        if not self._tokens:
            raise PatternError("Invalid metric filter pattern: it ends too early")
        return str(self._tokens.pop(0))

    def _accepts(self, *tokens: str) -> bool:
        if [token.upper() for token in self._tokens[: len(tokens)]] != list(tokens):
            return False
        del self._tokens[: len(tokens)]
        return True

    def _alternatives(self) -> Predicate:
        either = [self._conjunction()]
        while self._accepts("||"):
            either.append(self._conjunction())
        return lambda event: any(each(event) for each in either)

    def _conjunction(self) -> Predicate:
        both = [self._condition()]
        while self._accepts("&&"):
            both.append(self._condition())
        return lambda event: all(each(event) for each in both)

    def _condition(self) -> Predicate:
        if self._accepts("("):
            inner = self._alternatives()
            if not self._accepts(")"):
                raise PatternError("Invalid metric filter pattern: a parenthesis is open")
            return inner
        selector = self._next()
        if self._accepts("NOT", "EXISTS"):
            return lambda event: _select(event, selector) is _MISSING
        for word, constant in (("NULL", None), ("TRUE", True), ("FALSE", False)):
            if self._accepts("IS", word):
                return lambda event, constant=constant: _select(event, selector) is constant  # type: ignore[misc]
        return self._comparison(selector, self._next(), self._next())

    @staticmethod
    def _comparison(selector: str, sign: str, wanted: str) -> Predicate:
        if order := _ORDER.get(sign):
            limit = float(wanted)

            def ordered(event: Any) -> bool:
                found = _select(event, selector)
                return isinstance(found, int | float) and bool(order(found, limit))

            return ordered
        if sign not in ("=", "!="):
            raise PatternError(f"Invalid metric filter pattern near {sign}")
        equal = _equality(wanted)

        def compared(event: Any) -> bool:
            found = _select(event, selector)
            return found is not _MISSING and equal(found) == (sign == "=")

        return compared


def _equality(wanted: str) -> Predicate:
    if wanted.startswith("%"):
        regular = re.compile(wanted.strip("%"))
        return lambda found: isinstance(found, str) and bool(regular.search(found))
    text = json.loads(wanted) if wanted.startswith('"') else wanted

    def equal(found: Any) -> bool:
        shown = str(found).lower() if isinstance(found, bool) else str(found)
        try:
            return fnmatchcase(shown, text) or float(text) == float(shown)
        except ValueError:
            return False

    return equal
