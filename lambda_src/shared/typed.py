"""Reads JSON into frozen dataclasses; what does not fit is refused with the place and the reason.

A member that the class does not know does not matter: a setting may come before the code that reads it. Null stands for
an absent member, as Terraform writes attributes that nobody gave.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from types import NoneType
from typing import Any, ClassVar, Protocol, get_args, get_origin, get_type_hints

NAME = "name"  # in a field's metadata: the member's name in JSON, where Python does not take it
_MOST_SHOWN = 40  # characters of a value that does not fit; what nobody may see belongs into Secrets Manager
_DIGITS = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_MOST_DIGITS = 400  # before or after the point: a number with an exponent may be as long as memory is


class BadDocument(ValueError):
    """A document has another form than the class that is to hold it; the sentence says where and why."""


class Dataclass(Protocol):
    """Any dataclass, to type checkers."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


def parsed[T: Dataclass](cls: type[T], text: str) -> T:
    """Return the dataclass that a text of JSON holds, decimals exactly. Raises `BadDocument`."""
    return decoded(cls, document(text))


def document(text: str) -> object:
    """Return what a text of JSON holds, decimals exactly. Raises `BadDocument`."""
    try:
        found: object = json.loads(text, parse_float=Decimal)
    except (RecursionError, ValueError) as problem:
        raise BadDocument(f"it is not JSON: {problem}") from None
    return found


def decoded[T: Dataclass](cls: type[T], found: object) -> T:
    """Return the dataclass that a JSON document holds. Raises `BadDocument`.

    Members may be `str`, `bool`, `int`, `float`, `Decimal` (a text of digits, too), `X | None`, `tuple[X, ...]`,
    `Mapping[str, X]` and further dataclasses. A class may check itself in `__post_init__` by raising ValueError.
    """
    return _structure(cls, found, "")


def _decoded(kind: object, value: object, place: str) -> object:
    if isinstance(kind, type) and is_dataclass(kind):
        return _structure(kind, value, place)
    if get_origin(kind) is tuple:
        return _several(get_args(kind)[0], value, place)
    if get_origin(kind) is Mapping:
        return _by_name(get_args(kind)[1], value, place)
    if NoneType in get_args(kind):
        [kind] = [each for each in get_args(kind) if each is not NoneType]
        return _decoded(kind, value, place)
    return _plain(kind, value, place)


def _structure[T: Dataclass](kind: type[T], value: object, place: str) -> T:
    given, types = _object(value, place), get_type_hints(kind)
    members = {each.name: _member(each, types[each.name], given, place) for each in fields(kind)}
    try:
        return kind(**{name: member for name, member in members.items() if member is not MISSING})
    except ValueError as problem:
        raise BadDocument(f"{_at(place)}{problem}") from problem


def _member(field: Field[Any], kind: object, given: Mapping[str, Any], place: str) -> object:
    name = field.metadata.get(NAME, field.name)
    inside = f"{place}.{name}" if place else name
    if given.get(name) is not None:
        return _decoded(kind, given[name], inside)
    if field.default is not MISSING or field.default_factory is not MISSING:
        return MISSING
    if NoneType in get_args(kind):
        return None
    raise BadDocument(f"{inside} is missing")


def _several(kind: object, value: object, place: str) -> tuple[object, ...]:
    if not isinstance(value, list | tuple):
        raise BadDocument(f"{_at(place)}{_shown(value)} is no list")
    return tuple(_decoded(kind, member, f"{place}[{number}]") for number, member in enumerate(value))


def _by_name(kind: object, value: object, place: str) -> dict[str, object]:
    return {name: _decoded(kind, member, f'{place}["{name}"]') for name, member in _object(value, place).items()}


def _object(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadDocument(f"{_at(place)}{_shown(value)} is no object")
    return value


def _plain(kind: object, value: object, place: str) -> object:
    types, convert, otherwise = _PLAIN[kind]
    try:
        if isinstance(value, types) and (kind is bool or not isinstance(value, bool)):
            return convert(value)
    except (InvalidOperation, ValueError):
        pass  # refused below
    raise BadDocument(f"{_at(place)}{_shown(value)} is {otherwise}")


def _exact(value: object) -> Decimal:
    """Return a number, or one in a text. Raises ValueError and InvalidOperation."""
    if isinstance(value, str) and not _DIGITS.fullmatch(value):
        raise ValueError
    found = Decimal(str(value))
    if not found.is_finite() or abs(found.adjusted()) > _MOST_DIGITS:
        raise ValueError
    return found


def _whole(value: object) -> int:
    found = _exact(value)
    if found != found.to_integral_value():
        raise ValueError
    return int(found)


_NUMBERS = (int, float, Decimal)
# Of what types a member may be in JSON, how it is read, and what anything else is.
_PLAIN: dict[object, tuple[tuple[type, ...], Callable[[Any], object], str]] = {
    bool: ((bool,), bool, "neither true nor false"),
    Decimal: ((*_NUMBERS, str), _exact, "no number"),
    float: (_NUMBERS, lambda value: float(_exact(value)), "no number"),
    int: (_NUMBERS, _whole, "no whole number"),
    str: ((str,), str, "no text"),
}


def _at(place: str) -> str:
    return f"{place}: " if place else ""


def _shown(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
