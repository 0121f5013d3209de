"""Storms: of what comes in one route's window only so many are told one by one, and all others in one digest."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from notifications.domain.incoming import DigestDue
from notifications.domain.notification import MAX_FACTS, Notification
from notifications.domain.severity import Severity

OTHERS = "others"
_TITLE = 80
_NAMED = MAX_FACTS  # titles that are counted by name; all others are one number


@dataclass(frozen=True)
class Window:
    """A stretch of time of one route into one channel; windows of one length follow each other without a gap.

    `start` is in seconds since 1970.
    """

    route: str
    channel: str
    start: int
    seconds: int

    @classmethod
    def at(cls, route: str, channel: str, now: float, seconds: int) -> "Window":
        """Return the window that a moment lies in."""
        return cls(route, channel, int(now) // seconds * seconds, seconds)

    @classmethod
    def of(cls, due: DigestDue) -> "Window":
        """Return the window that a digest is due of."""
        return cls(due.route, due.channel, due.start, due.seconds)

    @property
    def end(self) -> int:
        """When it ends, in seconds since 1970."""
        return self.start + self.seconds

    @property
    def key(self) -> str:
        """What it is known by."""
        return f"window#{self.route}#{self.channel}#{self.seconds}#{self.start}"

    def due(self) -> DigestDue:
        """Return what reminds of its digest."""
        return DigestDue(self.route, self.channel, self.start, self.seconds)


@dataclass(frozen=True)
class Head:
    """What is known of a window: how many were told one by one, and how many wait for the digest, by what they are.

    `reminded`: whether somebody sees to the digest already.
    """

    shown: int = 0
    gathered: int = 0
    reminded: bool = False
    tallies: Mapping[str, int] = field(default_factory=dict)

    def tally_for(self, notification: Notification) -> str:
        """Return under which name a notification is counted: its severity and title, or all the others' of it."""
        name = f"{notification.severity.word}#{notification.title[:_TITLE]}"
        return name if name in self.tallies or len(self.tallies) < _NAMED else f"{notification.severity.word}#{OTHERS}"


def digest(window: Window, head: Head) -> Notification:
    """Return what is told at a window's end of all that was not told in it, the worst and the most first."""
    counted = [(_severity(name), name.partition("#")[2], count) for name, count in head.tallies.items()]
    ordered = sorted(counted, key=lambda each: (each[1] == OTHERS, -each[0], -each[2], each[1]))
    lines = [f"{count:,} x {severity.word}: {title}" for severity, title, count in ordered]
    minutes = f"{window.seconds / 60:g} minutes" if window.seconds >= 60 else f"{window.seconds} seconds"  # noqa: PLR2004
    return Notification(
        kind="digest",
        source="notifications",
        severity=max((severity for severity, _, _ in counted), default=Severity.INFO),
        title=f"{head.gathered:,} more notifications in {minutes}",
        text="\n".join(lines),
        facts=(("Route", window.route), ("Told one by one", f"{head.shown:,}")),
        occurrence=window.key,
    ).fit_to_show()


def _severity(name: str) -> Severity:
    return Severity.of(name.partition("#")[0])
