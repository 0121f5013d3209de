"""Decides what becomes of each message: told once in each of its channels, in a digest, later, or on the failure queue.

A message goes back to its queue as long as one of its channels needs another attempt; those that have it stay settled.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import ceil

from notifications.domain.claims import Claim, Found, Ledger, Status, WindowMoved, is_settled
from notifications.domain.errors import Busy, NoAddress, Rejected
from notifications.domain.incoming import DigestDue, incoming
from notifications.domain.notification import Notification
from notifications.domain.reading import read
from notifications.domain.settings import Delivery, Rules, Style
from notifications.domain.storm import Window, digest
from shared.queues.errors import KnownError, Transient, reason
from shared.queues.message import Message

CHANNELS = "channels"  # the attribute of a message on the failure queue: where it could not be told
_LOOKS = 5  # at a window that others fill at the same time
_DIGEST_SECONDS = 15 * 86_400  # longer than any queue keeps a reminder


class Verdict(StrEnum):
    """What became of a notification in one channel; the values are the metrics' names."""

    SENT = "Sent"
    DUPLICATE = "Duplicates"
    GATHERED = "Gathered"
    RETURNED = "Returned"
    GIVEN_UP = "GivenUp"
    UNROUTED = "Unrouted"


@dataclass(frozen=True)
class Failure:
    """Why something could not be told, in words that hold nothing of the message; `channel` is "" for all of them."""

    error_type: str
    reason: str
    channel: str = ""

    @classmethod
    def of(cls, error: Exception, channel: str = "") -> "Failure":
        """Describe an error."""
        return cls(type(error).__name__, reason(error), channel)


@dataclass(frozen=True)
class Outcome:
    """What became of a message in one channel; `delay` is when to look again, None for the queue's own time."""

    verdict: Verdict
    failure: Failure | None = None
    delay: int | None = None


@dataclass(frozen=True)
class Fate:
    """What became of a message."""

    message: Message
    outcomes: tuple[Outcome, ...]

    @property
    def returned(self) -> bool:
        """Whether it goes back to its queue."""
        return any(outcome.verdict is Verdict.RETURNED for outcome in self.outcomes)

    @property
    def delay(self) -> int | None:
        """In how many seconds it is to be seen again: when the last of its channels may be tried."""
        return max((outcome.delay for outcome in self.outcomes if outcome.delay is not None), default=None)

    @property
    def counts(self) -> Counter[Verdict]:
        """How often it came to each verdict."""
        return Counter(outcome.verdict for outcome in self.outcomes)


@dataclass
class Courier:
    """Takes messages to their channels.

    `rules` reads the settings, `owner_of` finds whose a resource is, `post` sends into a channel, `send_away` puts a
    message into the failure queue, `remind` brings a digest's reminder at its time; all of them may raise. `back_off`
    is how many seconds pass before a message's next attempt, `ends_at` when Lambda ends this invocation.
    """

    ledger: Ledger
    rules: Callable[[], Rules]
    owner_of: Callable[[str, str], str]
    post: Callable[[str, Style, Notification], None]
    send_away: Callable[[Message, Failure], None]
    remind: Callable[[DigestDue, int], None]
    back_off: Callable[[Message], int]
    has_time: Callable[[], bool]
    clock: Callable[[], float]
    ends_at: int
    max_receive_count: int
    prefix: str
    _paused: dict[str, float] = field(default_factory=dict)

    def take(self, messages: Iterable[Message]) -> list[Fate]:
        """Take messages one after the other; none of them fails another one."""
        return [self._fate(message) for message in messages]

    def _fate(self, message: Message) -> Fate:
        if not self.has_time():
            return Fate(message, (Outcome(Verdict.RETURNED),))
        try:
            return Fate(message, self._outcomes(message))
        except Exception as error:  # noqa: BLE001  # whatever it is, the rest of the batch must not suffer from it
            return Fate(message, (self._failed(message, Failure.of(error)),))

    def _outcomes(self, message: Message) -> tuple[Outcome, ...]:
        rules, given = self.rules(), incoming(message.body, self.prefix)
        if isinstance(given, DigestDue):
            return self._digest(message, rules, Window.of(given))
        notification = self._with_owner(read(given), rules)
        only = _only(message)
        deliveries = [each for each in rules.deliveries(notification) if not only or each.channel in only]
        if not deliveries:
            return (Outcome(Verdict.UNROUTED),)
        return tuple(self._deliver(message, rules, each, notification) for each in deliveries)

    def _digest(self, message: Message, rules: Rules, window: Window) -> tuple[Outcome, ...]:
        """Tell a window's digest once it has ended, and once only: nothing is counted in it from then on."""
        early = ceil(window.end - self.clock())
        if early > 0:
            return (Outcome(Verdict.RETURNED, delay=early),)
        head = self.ledger.close(window)
        if not head.gathered:
            return ()
        told, delivery = digest(window, head), Delivery(window.route, window.channel)
        return (self._deliver(message, replace(rules, duplicate_seconds=_DIGEST_SECONDS), delivery, told),)

    def _with_owner(self, notification: Notification, rules: Rules) -> Notification:
        if notification.owner or not notification.resource or not rules.needs_owners:
            return notification
        return replace(notification, owner=self.owner_of(notification.resource, rules.owner_tag))

    def _deliver(self, message: Message, rules: Rules, delivery: Delivery, notification: Notification) -> Outcome:
        """Claim, send, and write the result; an error is this channel's alone."""
        if not self.has_time():
            return Outcome(Verdict.RETURNED)
        claim = Claim(
            channel=delivery.channel,
            fingerprint=notification.fingerprint,
            message_id=message.id,
            now=int(self.clock()),
            held_until=self.ends_at,
            window_seconds=rules.duplicate_seconds,
        )
        try:
            found, tally = self._place(rules, delivery, notification, claim)
            done = self._without_us(message, claim, found, gathered=tally is not None)
            return done or self._send(rules, notification, claim)
        except Exception as error:  # noqa: BLE001  # the other channels must not suffer from it
            return self._failed(message, Failure.of(error, delivery.channel), claim, error)

    def _without_us(self, message: Message, claim: Claim, found: Found | None, *, gathered: bool) -> Outcome | None:
        """Return None when this one is ours to send now, else what becomes of it without us.

        Who holds a claim is mostly about to send, and seldom dead: it is worth another look before the lease is over.
        """
        if found is None:
            return Outcome(Verdict.GATHERED) if gathered else None
        if is_settled(found, claim.message_id):
            return Outcome(Verdict.DUPLICATE)
        left = found.held_until - claim.now
        if left > 0 or not self.ledger.take_over(claim):
            return Outcome(Verdict.RETURNED, delay=min(self.back_off(message), max(left, 0) + 1))
        return None

    def _place(
        self, rules: Rules, delivery: Delivery, notification: Notification, claim: Claim
    ) -> tuple[Found | None, str | None]:
        """Claim with a place in the window: one by one while there is room, then in its digest, which needs no place.

        The reminder is sent before the first is gathered: should the function die in between, it reminds of nothing.
        Raises `Transient` when others change the window all the time.
        """
        if notification.kind == "digest":
            return self.ledger.claim(claim), None
        for _ in range(_LOOKS):
            window = Window.at(delivery.route, delivery.channel, self.clock(), rules.storm_seconds)
            head = self.ledger.head(window)
            tally = head.tally_for(notification) if head.shown >= rules.storm_limit else None
            if tally and not head.reminded:
                self.remind(window.due(), max(0, ceil(window.end - self.clock())))
            try:
                return self.ledger.place(claim, window, rules.storm_limit, tally), tally
            except WindowMoved:
                continue
        raise Transient("others changed the window all the time")

    def _send(self, rules: Rules, notification: Notification, claim: Claim) -> Outcome:
        pause = self._paused.get(claim.channel, 0) - self.clock()
        if pause > 0:
            raise Busy("the channel asked to wait", ceil(pause))
        if claim.channel not in rules.channels:
            raise NoAddress("the settings do not know the channel")
        try:
            self.post(claim.channel, rules.channels[claim.channel], notification)
        except Busy as error:
            self._paused[claim.channel] = self.clock() + error.seconds
            raise
        return Outcome(Verdict.SENT, self._settle(claim, Status.SENT))

    def _failed(
        self, message: Message, failure: Failure, claim: Claim | None = None, error: Exception | None = None
    ) -> Outcome:
        """Give up what is hopeless or was tried too often; try all else again, when the channel says or ever later."""
        if isinstance(error, Rejected) or message.receive_count >= self.max_receive_count:
            return self._give_up(message, failure, claim)
        self._release(claim)
        delay = error.seconds if isinstance(error, Busy) else self.back_off(message)
        return Outcome(Verdict.RETURNED, failure, delay)

    def _give_up(self, message: Message, failure: Failure, claim: Claim | None) -> Outcome:
        try:
            self.send_away(message, failure)
        except Exception as error:  # noqa: BLE001  # the message stays where it is, and is not lost
            self._release(claim)
            return Outcome(Verdict.RETURNED, Failure.of(error, failure.channel), self.back_off(message))
        if claim:
            self._settle(claim, Status.GIVEN_UP)
        return Outcome(Verdict.GIVEN_UP, failure)

    def _settle(self, claim: Claim, status: Status) -> Failure | None:
        """Write how it ended; done it is, and to say that it failed would do it again."""
        try:
            self.ledger.settle(claim, status)
        except KnownError as error:
            return Failure.of(error, claim.channel)
        return None

    def _release(self, claim: Claim | None) -> None:
        """Let the next attempt have the claim at once; if that fails, it waits until the claim is held no longer."""
        if claim:
            with suppress(KnownError):
                self.ledger.release(claim)


def _only(message: Message) -> set[str]:
    """Return the channels that a message from the failure queue is for; none for one that is for all."""
    names = str(message.attributes.get(CHANNELS, {}).get("stringValue") or "")
    return {name for name in names.split(",") if name}
