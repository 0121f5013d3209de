"""What becomes of a message is decided by the class of its error, by its receives and by its place in its group."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from queue_processor.domain.errors import BadJson, KeyReused, Poison
from queue_processor.domain.processing import Failure, Outcome, Processor, Verdict
from shared.queues.errors import Refused, Transient
from shared.queues.message import Message, lanes

MESSAGE = Message("m-1", "handle", "secret", 1, "2026-11-23T06:00:00.000+00:00", None, {})


def messages(text: str) -> list[Message]:
    """Return a message for each letter, in the group of that letter, numbered."""
    return [replace(MESSAGE, id=f"{letter}{number}", group=letter) for number, letter in enumerate(text)]


def failing(**errors: Exception) -> Callable[[Message], Verdict]:
    """Return work that fails for the messages with these ids."""

    def work(message: Message) -> Verdict:
        if message.id in errors:
            raise errors[message.id]
        return Verdict.PROCESSED

    return work


class Desk:
    """A processor whose failure queue is a list."""

    def __init__(
        self, work: Callable[[Message], Verdict], seconds: float = 99, trouble: Exception | None = None
    ) -> None:
        self.sent: list[tuple[str, str]] = []
        self._trouble = trouble
        self._seconds = seconds
        self.processor = Processor(work, self._send, lambda message: 10 * message.receive_count, self._tick, 3)

    def _send(self, message: Message, failure: Failure) -> None:
        if self._trouble:
            raise self._trouble
        self.sent.append((message.id, failure.error_type))

    def _tick(self) -> bool:
        self._seconds -= 1
        return self._seconds >= 0

    def process(self, batch: list[Message]) -> list[Outcome]:
        return [outcome for lane in lanes(batch) for outcome in self.processor.lane(lane)]

    def one(self, **changes: int) -> Outcome:
        (outcome,) = self.process([replace(MESSAGE, **changes)])
        return outcome


def test_a_message_that_works_is_done() -> None:
    outcome = Desk(failing()).one()
    assert (outcome.verdict, outcome.returned) == (Verdict.PROCESSED, False)


@pytest.mark.parametrize("error", [BadJson("bad"), KeyReused("reused")])
def test_poison_is_sent_to_the_failure_queue_at_once(error: Poison) -> None:
    desk = Desk(failing(**{"m-1": error}))
    outcome = desk.one()
    assert (outcome.verdict, outcome.returned, outcome.delay) == (Verdict.POISON, False, None)
    assert desk.sent == [("m-1", type(error).__name__)]


def test_poison_that_cannot_be_sent_goes_back_to_its_queue_with_the_delay_of_what_was_in_the_way() -> None:
    busy = Desk(failing(**{"m-1": BadJson("bad")}), trouble=Transient("SendMessage: throttled")).one()
    assert (busy.verdict, busy.returned, busy.delay) == (Verdict.TRANSIENT, True, 10)
    forbidden = Desk(failing(**{"m-1": BadJson("bad")}), trouble=ValueError("?")).one()
    assert (forbidden.verdict, forbidden.returned, forbidden.delay) == (Verdict.UNKNOWN, True, None)


def test_a_transient_failure_goes_back_with_a_delay_of_its_own() -> None:
    outcome = Desk(failing(**{"m-1": Transient("busy")})).one(receive_count=2)
    assert (outcome.verdict, outcome.returned, outcome.delay) == (Verdict.TRANSIENT, True, 20)


@pytest.mark.parametrize(
    "error", [KeyError("secret"), Refused("PutItem: AccessDenied"), RecursionError(), MemoryError()]
)
def test_whatever_nobody_thought_of_is_unknown_and_goes_back_until_its_last_receive(error: Exception) -> None:
    desk = Desk(failing(**{"m-1": error}))
    outcome = desk.one(receive_count=2)
    assert (outcome.verdict, outcome.returned, outcome.delay, desk.sent) == (Verdict.UNKNOWN, True, None, [])
    assert not desk.one(receive_count=3).returned
    assert desk.sent == [("m-1", type(error).__name__)]


def test_after_its_last_receive_a_transient_failure_is_on_the_failure_queue_with_its_reason() -> None:
    desk = Desk(failing(**{"m-1": Transient("busy")}))
    assert not desk.one(receive_count=3).returned
    assert desk.sent == [("m-1", "Transient")]


def test_the_text_of_an_unexpected_error_is_not_told() -> None:
    outcome = Desk(failing(**{"m-1": ValueError("secret")})).one()
    assert outcome.failure
    assert "secret" not in outcome.failure.reason
    assert outcome.failure.reason.startswith("unexpected, at work, line ")


def test_the_messages_of_a_batch_are_independent() -> None:
    batch = [replace(message, group=None) for message in messages("aaa")]
    outcomes = Desk(failing(a1=ValueError())).process(batch)
    assert [outcome.returned for outcome in outcomes] == [False, True, False]


def test_behind_a_failure_the_messages_of_its_group_follow_untouched_with_its_delay() -> None:
    outcomes = Desk(failing(a2=Transient("busy"))).process(messages("abaab"))
    assert {outcome.message.id: (outcome.verdict, outcome.delay) for outcome in outcomes} == {
        "a0": (Verdict.PROCESSED, None),
        "a2": (Verdict.TRANSIENT, 10),
        "a3": (Verdict.UNTOUCHED, 10),
        "b1": (Verdict.PROCESSED, None),
        "b4": (Verdict.PROCESSED, None),
    }
    assert [outcome.message.id for outcome in outcomes if outcome.returned] == ["a2", "a3"]


def test_poison_does_not_hold_up_its_group() -> None:
    desk = Desk(failing(a0=BadJson("bad")))
    assert [outcome.returned for outcome in desk.process(messages("aa"))] == [False, False]
    assert desk.sent == [("a0", "BadJson")]


def test_messages_for_which_no_time_is_left_go_back_untouched() -> None:
    outcomes = Desk(failing(), seconds=2).process(messages("abcd"))
    assert [outcome.verdict for outcome in outcomes] == [Verdict.PROCESSED] * 2 + [Verdict.UNTOUCHED] * 2
    assert [(outcome.returned, outcome.delay) for outcome in outcomes[2:]] == [(True, None)] * 2
