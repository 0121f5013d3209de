"""Who tells what: a notification is claimed for a channel before it is sent, and so is its place in its window.

A claim and its place are one write (ADR 10), but sending has an effect outside, so that the result is a second one
(ADR 20). A claim is held as long as the function that made it may live; then whoever has the same notification at hand
may take it over, and nothing is lost when a function dies.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from notifications.domain.storm import Head, Window


class Status(StrEnum):
    """How far a claim is."""

    CLAIMED = "CLAIMED"
    SENT = "SENT"
    GATHERED = "GATHERED"
    GIVEN_UP = "GIVEN_UP"


@dataclass(frozen=True)
class Claim:
    """What is to be claimed: a notification's fingerprint in a channel, by a message, until a function must have ended.

    All moments are in seconds since 1970. `window_seconds` is how long what says the same is not told again.
    """

    channel: str
    fingerprint: str
    message_id: str
    now: int
    held_until: int
    window_seconds: int

    @property
    def key(self) -> str:
        """What it is known by."""
        return f"claim#{self.channel}#{self.fingerprint}"


@dataclass(frozen=True)
class Found:
    """A claim that is there already."""

    status: Status
    message_id: str
    held_until: int


class WindowMoved(Exception):
    """The window is full or closed by now: look at it again."""


class Ledger(Protocol):
    """Where claims and windows are kept. All methods raise `Transient` and `Refused`.

    What is written of a claim is written only while it is the message's own; else nothing happens.
    """

    def head(self, window: Window) -> Head:
        """Return what is known of a window by now."""

    def place(self, claim: Claim, window: Window, limit: int, tally: str | None) -> Found | None:
        """Claim, and count in the window: as one of `limit` told one by one, or for its digest under `tally`.

        Return None, or the claim that is there already. Raises `WindowMoved` when the window has no room for it by now.
        """

    def claim(self, claim: Claim) -> Found | None:
        """Claim without a window, as a digest is; return None, or the claim that is there already."""

    def take_over(self, claim: Claim) -> bool:
        """Take over a claim that nobody holds any more; False when somebody was faster."""

    def settle(self, claim: Claim, status: Status) -> None:
        """Write how it ended."""

    def release(self, claim: Claim) -> None:
        """Hold it no longer: the same message will be tried again."""

    def close(self, window: Window) -> Head:
        """Let nothing be counted in a window any more; return what was."""


def is_settled(found: Found, message_id: str) -> bool:
    """Tell whether there is nothing left to do: it is told or will be, or this very message has given it up."""
    if found.status is Status.GIVEN_UP:
        return found.message_id == message_id
    return found.status in {Status.SENT, Status.GATHERED}
