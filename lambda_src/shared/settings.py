"""Reads a function's settings from its environment: typed, frozen, and loud about everything that is missing."""

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import TYPE_CHECKING, get_type_hints

if TYPE_CHECKING:
    from shared.typed import Dataclass


class MissingSetting(Exception):
    """At least one environment variable that the function needs is not set; the message names them all."""


class BadSetting(Exception):
    """An environment variable does not have the type that the function needs."""


def load[T: Dataclass](cls: type[T], env: Mapping[str, str] = os.environ) -> T:
    """Fill the frozen dataclass `cls` from the variables named like its fields in capitals.

    Fields may be `str`, `int` or `bool` ("true" or "false"); one that has a default may be left out. Raises
    `MissingSetting` or `BadSetting`.
    """
    types = get_type_hints(cls)
    defaults = {field.name: field.default for field in fields(cls)}
    given = [name for name in defaults if env.get(name.upper())]
    missing = [name.upper() for name in defaults if name not in given and defaults[name] is MISSING]
    if missing:
        raise MissingSetting(f"missing environment variables: {', '.join(missing)}")
    return cls(**{name: _parse(name.upper(), env[name.upper()], types[name]) for name in given})


def once[T: Dataclass](cls: type[T]) -> Callable[[], T]:
    """Return a function that loads `cls` from the process's environment when it is first called, and keeps it."""
    return cache(lambda: load(cls))


def _parse(name: str, text: str, kind: type) -> str | int | bool:
    try:
        return {"true": True, "false": False}[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError):
        raise BadSetting(f"environment variable {name}: {text!r} is not {kind.__name__}") from None
