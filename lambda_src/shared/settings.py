"""Reads a function's settings from its environment: typed, frozen, and loud about everything that is missing."""

import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from typing import get_type_hints


class MissingSetting(Exception):
    """At least one environment variable that the function needs is not set; the message names them all."""


class BadSetting(Exception):
    """An environment variable does not have the type that the function needs."""


def load[T](cls: type[T], env: Mapping[str, str] = os.environ) -> T:
    """Fill the frozen dataclass `cls` from the variables named like its fields in capitals.

    Fields may be `str`, `int` or `bool` ("true" or "false"). Raises `MissingSetting` or `BadSetting`.
    """
    types = get_type_hints(cls)
    names = [field.name for field in fields(cls)]  # type: ignore[arg-type]  # a dataclass has no type of its own
    missing = [name.upper() for name in names if not env.get(name.upper())]
    if missing:
        raise MissingSetting(f"missing environment variables: {', '.join(missing)}")
    return cls(**{name: _parse(name.upper(), env[name.upper()], types[name]) for name in names})


def once[T](cls: type[T]) -> Callable[[], T]:
    """Return a function that loads `cls` from the process's environment when it is first called, and keeps it."""
    return cache(lambda: load(cls))


def _parse(name: str, text: str, kind: type) -> str | int | bool:
    try:
        return {"true": True, "false": False}[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError):
        raise BadSetting(f"environment variable {name}: {text!r} is not {kind.__name__}") from None
