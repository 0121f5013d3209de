"""Decides what becomes of each message of a batch: done, sent to the failure queue, or back to its own queue."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from queue_processor.domain.errors import Poison
from shared.queues.errors import Transient, reason
from shared.queues.message import Message


class Verdict(StrEnum):
    """How processing a message ended; the values are the metrics' names."""

    PROCESSED = "MessagesProcessed"
    DUPLICATE = "Duplicates"
    POISON = "Poison"
    TRANSIENT = "Transient"
    UNKNOWN = "Unknown"
    UNTOUCHED = "Untouched"


@dataclass(frozen=True)
class Failure:
    """Why a message failed, in words that hold nothing of its body."""

    verdict: Verdict
    error_type: str
    reason: str

    @classmethod
    def of(cls, error: Exception) -> "Failure":
        """Classify an error: poison and transient are told by their classes, everything else is unknown."""
        verdict = next((verdict for kind, verdict in _VERDICTS.items() if isinstance(error, kind)), Verdict.UNKNOWN)
        return cls(verdict, type(error).__name__, reason(error))


@dataclass(frozen=True)
class Outcome:
    """What became of a message; `returned` to its queue, to be seen again in `delay` seconds if that is not None."""

    message: Message
    verdict: Verdict
    failure: Failure | None = None
    returned: bool = False
    delay: int | None = None


@dataclass(frozen=True)
class Processor:
    """Takes messages through `work`, whose errors become the fate of the one message that it was about.

    `work` returns PROCESSED or DUPLICATE; `send_away` puts a message into the failure queue; `delay` is how many
    seconds a message stays invisible after a transient failure; `has_time` tells whether another one may be begun.
    """

    work: Callable[[Message], Verdict]
    send_away: Callable[[Message, Failure], None]
    delay: Callable[[Message], int]
    has_time: Callable[[], bool]
    max_receive_count: int

    def lane(self, messages: list[Message]) -> Iterator[Outcome]:
        """Process messages in their order; behind one that goes back to the queue, the others follow it untouched.

        They follow with its delay: in SQS any message in flight keeps its whole group waiting.
        """
        ahead: Outcome | None = None
        for message in messages:
            if ahead and ahead.returned:
                ahead = Outcome(message, Verdict.UNTOUCHED, returned=True, delay=ahead.delay)
            elif self.has_time():
                ahead = self._settle(message)
            else:
                ahead = Outcome(message, Verdict.UNTOUCHED, returned=True)
            yield ahead

    def _settle(self, message: Message) -> Outcome:
        try:
            return Outcome(message, self.work(message))
        except Exception as error:  # noqa: BLE001  # whatever it is, the rest of the batch must not suffer from it
            failure = Failure.of(error)
        if failure.verdict is Verdict.POISON or message.receive_count >= self.max_receive_count:
            return self._give_up(message, failure)
        return self._return(message, failure)

    def _give_up(self, message: Message, failure: Failure) -> Outcome:
        """Send the message to the failure queue, with the reason that SQS's own redrive could not tell."""
        try:
            self.send_away(message, failure)
        except Exception as error:  # noqa: BLE001  # the message stays where it is, and is not lost
            return self._return(message, Failure.of(error))
        return Outcome(message, failure.verdict, failure)

    def _return(self, message: Message, failure: Failure) -> Outcome:
        outcome = Outcome(message, failure.verdict, failure, returned=True)
        return replace(outcome, delay=self.delay(message)) if failure.verdict is Verdict.TRANSIENT else outcome


_VERDICTS = {Poison: Verdict.POISON, Transient: Verdict.TRANSIENT}
