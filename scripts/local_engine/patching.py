"""How a mend takes the place of one of the engine's functions, loudly when that function is no longer there."""

import functools
import inspect
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

type Function = Callable[..., Any]


# What mends took the place of, by name; `originals.py` tells a new engine version by it.
originals: dict[str, Any] = {}


class MendError(Exception):
    """The installed engine is not the one a mend was written for."""


def wrap(owner: Any, name: str) -> Callable[[Function], Function]:
    """Put the decorated function around `owner.name`; it receives the original as its first argument.

    Its other positional parameters must bear the original's names, in order; `*rest` stands for those it does not
    look at.
    Raises MendError when the attribute is gone or its parameters changed.
    """

    def decorate(replacement: Function) -> Function:
        original = _existing(owner, name)
        _check_parameters(owner, name, original, replacement)

        @functools.wraps(original)
        def mended(*args: Any, **kwargs: Any) -> Any:
            return replacement(original, *args, **kwargs)

        setattr(owner, name, mended)
        return mended

    return decorate


def wrap_entry(table: dict[str, Any], key: str) -> Callable[[Function], Function]:
    """Like `wrap`, for a function the engine keeps in a dictionary. Raises MendError when the key is gone."""

    def decorate(replacement: Function) -> Function:
        if key not in table:
            raise MendError(f"{_engine()} has no entry {key!r} in the table a mend changes")
        originals.setdefault(f"{table[key].__module__}[{key}]", table[key])
        table[key] = functools.partial(replacement, table[key])
        return replacement

    return decorate


def add_entry[T](table: dict[str, Any], key: str) -> Callable[[T], T]:
    """Put the decorated function into a dictionary of the engine that lacks it. Raises MendError when it is there."""

    def decorate(addition: T) -> T:
        if key in table:
            raise MendError(f"{_engine()} has an entry {key!r} of its own: the mend that adds it needs another look")
        table[key] = addition
        return addition

    return decorate


def replace(owner: Any, name: str, value: Any) -> None:
    """Set `owner.name`, which must exist: for constants. Raises MendError when the attribute is gone."""
    _existing(owner, name)
    setattr(owner, name, value)


def _engine() -> str:
    return f"ministack {version('ministack')}"


def _label(owner: Any, name: str) -> str:
    return f"{getattr(owner, '__name__', type(owner).__name__)}.{name}"


def _existing(owner: Any, name: str) -> Any:
    try:
        found = getattr(owner, name)
    except AttributeError:
        raise MendError(f"{_engine()} has no {_label(owner, name)}: its mend needs another look") from None
    originals.setdefault(_label(owner, name), inspect.unwrap(found) if callable(found) else found)
    return found


def _check_parameters(owner: Any, name: str, original: Function, replacement: Function) -> None:
    theirs = [p.name for p in inspect.signature(original).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    ours = list(inspect.signature(replacement).parameters.values())[1:]
    named = [p.name for p in ours if p.kind is p.POSITIONAL_OR_KEYWORD]
    open_ended = any(p.kind is p.VAR_POSITIONAL for p in ours)
    if theirs[: len(named)] != named or (not open_ended and len(theirs) != len(named)):
        raise MendError(
            f"{_engine()} has {_label(owner, name)}({', '.join(theirs)}): its mend expects other parameters"
        )
