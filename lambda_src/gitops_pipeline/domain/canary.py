"""How traffic moves to new versions: a share at a time, and back from wherever it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Stage:
    """A share of the calls that new versions get, and for how long they are watched with it."""

    percent: int
    minutes: float

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Stage":
        """Read `to_document`'s. Raises KeyError and ValueError."""
        return cls(int(document["percent"]), float(document["minutes"]))

    def to_document(self) -> dict[str, float]:
        """Return the stage as JSON."""
        return {"percent": self.percent, "minutes": self.minutes}

    @property
    def seconds(self) -> int:
        """How long to wait; a Wait state takes whole seconds."""
        return round(self.minutes * 60)


@dataclass(frozen=True)
class Routing:
    """What an alias points to: all calls go to `version` but for the shares of others."""

    version: str
    weights: Mapping[str, float]


@dataclass(frozen=True)
class Shift:
    """One step of the way: how much traffic new versions get, and whether that is all."""

    percent: int
    done: bool
    wait_seconds: int


def shift(stages: Sequence[Stage], step: int) -> Shift:
    """Return a step; after the last stage everything is shifted."""
    if step < len(stages):
        return Shift(stages[step].percent, done=False, wait_seconds=stages[step].seconds)
    return Shift(100, done=True, wait_seconds=0)


def routing(good: str, newest: str, percent: int) -> Routing:
    """Return an alias's routing when `newest` gets `percent` of the calls and the last good version the rest."""
    if percent >= 100 or newest == good:  # noqa: PLR2004
        return Routing(newest, {})
    return Routing(good, {newest: percent / 100})


def newest_of(versions: Sequence[str]) -> str:
    """Return the version that was published last; `$LATEST` is none. Raises ValueError if there is none."""
    return max((version for version in versions if version.isdecimal()), key=int)


def last_good(open_versions: Mapping[str, str], current: Mapping[str, str]) -> dict[str, str]:
    """Return the versions to go back to, by function.

    `open_versions` is what an earlier run remembered and neither confirmed nor went back to: it died on its way, so
    what the aliases point to now was never found good.
    """
    return {function: open_versions.get(function, version) for function, version in current.items()}
