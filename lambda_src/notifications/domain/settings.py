"""The rules, from the settings: data that may change without a deployment."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from notifications.domain.errors import BadSettings
from notifications.domain.notification import Notification
from notifications.domain.severity import Severity

_LONGEST_WINDOW = 900  # SQS delays a message no longer, and the digest is one


class Style(StrEnum):
    """What a channel understands."""

    SLACK = "slack"
    TEAMS = "teams"


@dataclass(frozen=True)
class Route:
    """What goes where: all of what is named must fit, and what is left out fits always.

    Names may hold `*`. What a route takes goes no further, unless it says `further`. No channels: nobody is told.
    """

    name: str
    channels: tuple[str, ...]
    min_severity: Severity = Severity.INFO
    sources: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    further: bool = False

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Route":
        """Read a route; null stands for an absent attribute. Raises KeyError, TypeError and ValueError."""
        return cls(
            name=str(document["name"]),
            channels=_names(document["channels"]),
            min_severity=Severity.of(document.get("min_severity") or "info"),
            sources=_names(document.get("sources")),
            kinds=_names(document.get("kinds")),
            owners=_names(document.get("owners")),
            further=bool(document.get("further")),
        )

    @property
    def takes_everything(self) -> bool:
        """Whether nothing can go past it."""
        return not (self.min_severity or self.sources or self.kinds or self.owners or self.further)

    def takes(self, notification: Notification) -> bool:
        """Tell whether a notification goes this way."""
        return (
            notification.severity >= self.min_severity
            and _fits(self.sources, notification.source)
            and _fits(self.kinds, notification.kind)
            and _fits(self.owners, notification.owner)
        )


@dataclass(frozen=True)
class Delivery:
    """A notification's way into one channel."""

    route: str
    channel: str


@dataclass(frozen=True)
class Rules:
    """All that decides what is told where and how often; windows are in seconds.

    What says the same within `duplicate_seconds` is told once; of what comes in one route's `storm_seconds`, the first
    `storm_limit` are told one by one, and all others in one digest.
    """

    channels: Mapping[str, Style]
    routes: tuple[Route, ...]
    owner_tag: str
    duplicate_seconds: int
    storm_limit: int
    storm_seconds: int

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Rules":
        """Read the settings' JSON. Raises `BadSettings`."""
        try:
            rules = cls(
                channels={str(name): Style(style) for name, style in document["channels"].items()},
                routes=tuple(Route.from_document(route) for route in document["routes"]),
                owner_tag=str(document.get("owner_tag") or "owner"),
                duplicate_seconds=int(document["duplicate_seconds"]),
                storm_limit=int(document["storm"]["limit"]),
                storm_seconds=int(document["storm"]["seconds"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            raise BadSettings(f"the settings cannot be read: {problem!r}") from problem
        rules.check()
        return rules

    def check(self) -> None:
        """Raise `BadSettings` for rules by which a notification could get lost."""
        if not self.routes or not self.routes[-1].takes_everything:
            raise BadSettings("the last route must take everything, or notifications would get lost")
        unknown = {channel for route in self.routes for channel in route.channels} - self.channels.keys()
        if unknown:
            raise BadSettings(f"routes name channels that are not there: {', '.join(sorted(unknown))}")
        if len({route.name for route in self.routes}) < len(self.routes):
            raise BadSettings("two routes have the same name")
        if self.duplicate_seconds < 0 or self.storm_limit < 1 or not 1 <= self.storm_seconds <= _LONGEST_WINDOW:
            raise BadSettings(
                f"a storm's limit is 1 or more, its window 1 to {_LONGEST_WINDOW} s, no window is negative"
            )

    @property
    def needs_owners(self) -> bool:
        """Whether any route asks whose a thing is."""
        return any(route.owners for route in self.routes)

    def deliveries(self, notification: Notification) -> tuple[Delivery, ...]:
        """Return where a notification goes: each channel once, by the first route that leads there."""
        found: dict[str, Delivery] = {}
        for route in self.routes:
            if route.takes(notification):
                for channel in route.channels:
                    found.setdefault(channel, Delivery(route.name, channel))
                if not route.further:
                    break
        return tuple(found.values())


def _names(given: object) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list):
        raise TypeError(f"{given!r} is no list")
    return tuple(str(each) for each in given)


def _fits(patterns: tuple[str, ...], name: str) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)
