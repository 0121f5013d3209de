"""Configuration that is not in code: Parameter Store, read through one cache.

What was read is kept for `CONFIGURATION_SECONDS` at most, so that a change takes effect within that time, without a
deployment. What is secret (SecureString) is decrypted: its key has to be granted.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.clients import client
from shared.settings import once

_MOST_KEPT = 100


class BadConfiguration(Exception):
    """A parameter cannot be read as what it is to be; the sentence says which one, and why."""


class NoParameter(Exception):
    """There is no such parameter."""


@dataclass(frozen=True)
class Settings:
    """The function's environment: for how many seconds a parameter is kept."""

    configuration_seconds: int = 60


@dataclass(frozen=True)
class _Kept:
    value: Any
    read_at: float


settings = once(Settings)
clock: Callable[[], float] = time.monotonic
_kept: dict[tuple[str, Callable[[str], Any]], _Kept] = {}


def read[T](parameter: str, form: Callable[[str], T], *, max_age: float | None = None, hasty: bool = False) -> T:
    """Return what a parameter holds, as `form` reads its text.

    It is `max_age` seconds old at most, the environment's number if none is given; 0 reads it anew. `form` is a
    function of a module, by which what it made is kept; its ValueError becomes `BadConfiguration`, all else passes.
    A `hasty` reader gives up soon. Raises `NoParameter`, too.
    """
    oldest = clock() - (settings().configuration_seconds if max_age is None else max_age)
    found = _kept.get((parameter, form))
    if found is None or found.read_at <= oldest:
        found = _Kept(read_at=clock(), value=_formed(parameter, form, _text(parameter, hasty=hasty)))
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[parameter, form] = found
    value: T = found.value
    return value


def forget() -> None:
    """Keep nothing of what was read so far."""
    _kept.clear()


def json_object(text: str) -> dict[str, Any]:
    """Return a JSON object as it is. Raises ValueError. Who changes it changes what is kept."""
    try:
        document = json.loads(text)
    except (RecursionError, ValueError) as problem:
        raise ValueError(f"it is not JSON: {problem}") from None
    if isinstance(document, dict):
        return document
    raise ValueError("it is no JSON object")


def _text(parameter: str, *, hasty: bool) -> str:
    ssm = client("ssm", hasty=True) if hasty else client("ssm")
    try:
        text: str = ssm.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        raise NoParameter(f"there is no parameter {parameter}") from None
    return text


def _formed[T](parameter: str, form: Callable[[str], T], text: str) -> T:
    try:
        return form(text)
    except ValueError as problem:
        raise BadConfiguration(f"{parameter}: {problem}") from problem
