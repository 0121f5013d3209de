"""What becomes of messages, played with a clock, a queue, two channels and every trouble there may be."""

import json
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.domain.claims import Status
from notifications.domain.delivering import CHANNELS, Courier, Failure, Fate, Verdict
from notifications.domain.errors import Busy, Rejected
from notifications.domain.incoming import DigestDue
from notifications.domain.notification import Notification
from notifications.domain.settings import Rules, Style
from notifications.domain.storm import OTHERS, Head, Window, digest
from shared.queues.errors import Transient
from shared.queues.message import Message
from tests.unit.notifications.memory import Memory

START = 1_800_000_000
VISIBILITY, LIFE, MOST_RECEIVES = 60, 10, 40
RULES: dict[str, Any] = {
    "channels": {"ops": "slack", "desk": "teams"},
    "routes": [{"name": "all", "channels": ["ops", "desk"]}],
    "duplicate_seconds": 100_000,
    "storm": {"limit": 2, "seconds": 120},
}


class Death(BaseException):
    """The function is killed."""


@dataclass
class Waiting:
    """A message in the queue."""

    id: str
    body: str
    visible_at: float
    channels: str = ""
    receives: int = 0

    def message(self) -> Message:
        attributes = {CHANNELS: {"stringValue": self.channels}} if self.channels else {}
        return Message(self.id, self.id, self.body, self.receives, "", None, attributes)


@dataclass
class World:
    """A queue with its failure queue, two channels, and a clock that only moves when nothing else is to do."""

    rules: dict[str, Any] = field(default_factory=lambda: deepcopy(RULES))
    now: float = START
    ledger: Memory = field(default_factory=Memory)
    queue: list[Waiting] = field(default_factory=list)
    failures: list[tuple[str, Failure]] = field(default_factory=list)
    posts: list[tuple[str, Notification]] = field(default_factory=list)
    fates: list[Fate] = field(default_factory=list)
    script: dict[str, list[str]] = field(default_factory=dict)
    made: int = 0
    max_receive_count: int = MOST_RECEIVES

    def send(self, body: str, delay: float = 0, channels: str = "") -> None:
        self.made += 1
        self.queue.append(Waiting(f"m{self.made}", body, self.now + delay, channels))

    def courier(self, *, time_left: Callable[[], bool] = lambda: True) -> Courier:
        return Courier(
            ledger=self.ledger,
            rules=lambda: Rules.from_document(self.rules),
            owner_of=lambda resource, tag: f"{tag} of {resource}",
            post=self.post,
            send_away=lambda message, failure: self.failures.append((str(message.body), failure)),
            remind=lambda due, seconds: self.send(due.to_body(), seconds),
            back_off=lambda message: min(60, 2**message.receive_count),
            has_time=time_left,
            clock=lambda: self.now,
            ends_at=int(self.now) + LIFE,
            max_receive_count=self.max_receive_count,
            prefix="workflows-dev",
        )

    def post(self, channel: str, _style: Style, notification: Notification) -> None:
        self.now += 0.1
        happens = self.script[channel].pop(0) if self.script.get(channel) else "taken"
        if happens in {"taken", "lost answer", "dead after"}:
            self.posts.append((channel, notification))
        match happens:
            case "busy":
                raise Busy("busy", 30)
            case "broken" | "lost answer":
                raise Transient("broken")
            case "refused":
                raise Rejected("refused")
            case "unexpected":
                raise ZeroDivisionError
            case "dead before" | "dead after":
                raise Death

    def run(self) -> "World":
        """Let functions work until the queue is empty."""
        for _ in range(3000):
            if not self.queue:
                return self
            self.now = max(self.now, min(each.visible_at for each in self.queue))
            batch = [each for each in self.queue if each.visible_at <= self.now][:3]
            for each in batch:
                each.receives += 1
                each.visible_at = self.now + VISIBILITY
            self.work(batch)
        raise AssertionError("it never comes to rest")

    def work(self, batch: list[Waiting]) -> None:
        try:
            fates = self.courier().take([each.message() for each in batch])
        except Death:
            return
        self.fates += fates
        for each, fate in zip(batch, fates, strict=True):
            if not fate.returned:
                self.queue.remove(each)
            elif fate.delay is not None:
                each.visible_at = self.now + fate.delay

    def told(self, channel: str) -> Counter[str]:
        """How often each text was told one by one."""
        return Counter(each.title for place, each in self.posts if place == channel and each.kind != "digest")

    def digests(self, channel: str) -> list[Notification]:
        return [each for place, each in self.posts if place == channel and each.kind == "digest"]

    def given_up(self, channel: str) -> Counter[str]:
        return Counter(title_of(body) for body, failure in self.failures if failure.channel == channel)

    def verdicts(self) -> Counter[Verdict]:
        return sum((fate.counts for fate in self.fates), Counter[Verdict]())


def body(title: str, text: str = "text") -> str:
    return json.dumps({"Type": "Notification", "TopicArn": "a:workflows-dev-etl", "Message": text, "Subject": title})


def title_of(text: str) -> str:
    return str(json.loads(text).get("Subject", "digest"))


def gathered(notifications: list[Notification]) -> int:
    return sum(int(each.title.split(" ")[0].replace(",", "")) for each in notifications)


@pytest.fixture
def world() -> World:
    return World()


def test_a_message_is_told_in_each_of_its_channels(world: World) -> None:
    world.send(body("one"))
    assert world.run().told("ops") == world.told("desk") == {"one": 1}
    assert world.verdicts() == {Verdict.SENT: 2}


def test_what_says_the_same_is_told_once_within_the_window_and_again_after_it(world: World) -> None:
    world.rules["duplicate_seconds"] = 50
    for delay in (0, 1, 49):
        world.send(body("one"), delay)
    assert world.run().told("ops") == {"one": 1}
    assert world.verdicts()[Verdict.DUPLICATE] == 4
    world.send(body("one"), 60)
    assert world.run().told("ops") == {"one": 2}


def test_a_channel_that_has_it_is_not_told_again_while_the_other_is_in_trouble(world: World) -> None:
    world.rules["duplicate_seconds"] = 5
    world.script = {"desk": ["broken"] * 9}
    world.send(body("one"))
    assert world.run().told("ops") == world.told("desk") == {"one": 1}


def test_a_busy_channel_is_left_alone_for_as_long_as_it_asks(world: World) -> None:
    world.script = {"ops": ["busy"]}
    for title in ("one", "two"):
        world.send(body(title))
    world.run()
    assert world.told("ops") == world.told("desk") == {"one": 1, "two": 1}
    [first, second] = world.fates[:2]
    assert first.delay == 30
    assert second.delay == 30
    assert second.outcomes[0].failure == Failure("Busy", "the channel asked to wait", "ops")
    assert world.now >= START + 30


def test_what_a_channel_refuses_is_given_up_at_once_and_told_in_the_other(world: World) -> None:
    world.script = {"ops": ["refused"]}
    world.send(body("one"))
    world.run()
    assert world.failures == [(body("one"), Failure("Rejected", "refused", "ops"))]
    assert world.told("desk") == {"one": 1}
    assert world.fates[0].message.receive_count == 1


def test_what_was_given_up_in_one_channel_does_not_come_up_there_again_for_the_other_s_sake(world: World) -> None:
    world.script = {"ops": ["refused"], "desk": ["broken", "broken"]}
    world.send(body("one"))
    world.run()
    assert len(world.failures) == 1
    assert not world.told("ops")
    assert world.told("desk") == {"one": 1}


def test_a_message_that_comes_back_from_the_failure_queue_is_told_where_it_was_not(world: World) -> None:
    world.script = {"ops": ["refused"]}
    world.send(body("one"))
    world.run()
    world.send(body("one"), 5, channels="ops")
    assert world.run().told("ops") == {"one": 1}
    assert world.told("desk") == {"one": 1}


def test_a_message_that_comes_back_late_is_not_told_again_where_it_was(world: World) -> None:
    world.rules["duplicate_seconds"] = 5
    world.script = {"ops": ["refused"]}
    world.send(body("one"))
    world.run()
    world.send(body("one"), 5000, channels="ops")
    assert world.run().told("ops") == world.told("desk") == {"one": 1}


def test_a_trouble_that_lasts_ends_on_the_failure_queue_at_the_last_attempt(world: World) -> None:
    world.max_receive_count = 3
    world.script = {"ops": ["broken"] * 9, "desk": ["unexpected"] * 9}
    world.send(body("one"))
    world.run()
    assert {failure.channel for _, failure in world.failures} == {"ops", "desk"}
    assert world.fates[-1].message.receive_count == 3
    assert world.failures[1][1].reason.startswith("unexpected, at post")


def test_settings_that_contradict_themselves_are_waited_for_and_then_kept_with_the_message(world: World) -> None:
    world.max_receive_count = 2
    world.rules["routes"] = []
    world.send(body("one"))
    world.run()
    [(_, failure)] = world.failures
    assert (failure.error_type, failure.channel) == ("BadSettings", "")
    assert world.verdicts() == {Verdict.RETURNED: 1, Verdict.GIVEN_UP: 1}


def test_a_failure_queue_that_is_out_of_reach_loses_nothing(world: World) -> None:
    world.script = {"ops": ["refused", "refused"]}
    world.send(body("one"))
    courier = world.courier()
    courier.send_away = lambda *_: (_ for _ in ()).throw(Transient("no queue"))
    [fate] = courier.take([replace(world.queue[0].message(), receive_count=1)])
    assert fate.returned
    assert fate.outcomes[0].failure == Failure("Transient", "no queue", "ops")


def test_a_result_that_cannot_be_written_does_not_send_again(world: World) -> None:
    world.ledger.settle = lambda *_: (_ for _ in ()).throw(Transient("no table"))  # type: ignore[method-assign]
    world.send(body("one"))
    assert world.run().told("ops") == {"one": 1}
    assert world.fates[0].outcomes[0].failure == Failure("Transient", "no table", "ops")


def test_a_function_without_time_touches_nothing(world: World) -> None:
    world.send(body("one"))
    [fate] = world.courier(time_left=lambda: False).take([world.queue[0].message()])
    assert (fate.returned, fate.delay, world.posts) == (True, None, [])
    left = iter([True, True, False])
    [fate] = world.courier(time_left=lambda: next(left)).take([world.queue[0].message()])
    assert fate.counts == {Verdict.SENT: 1, Verdict.RETURNED: 1}


def test_what_nobody_is_told_of_is_done(world: World) -> None:
    world.rules["routes"] = [{"name": "nobody", "channels": []}]
    world.send(body("one"))
    assert world.run().verdicts() == {Verdict.UNROUTED: 1}


def test_the_owner_of_a_resource_decides_where_it_is_told(world: World) -> None:
    event = {"source": "aws.ec2", "detail-type": "EC2 Instance State-change Notification", "time": "now"}
    stopped = json.dumps(event | {"detail": {"instance-id": "i-1", "state": "stopped"}})
    world.rules["routes"].insert(0, {"name": "own", "owners": ["owner of i-1"], "channels": ["desk"]})
    world.send(stopped)
    assert not world.run().told("ops")
    assert [each.owner for _, each in world.posts] == ["owner of i-1"]


def test_somebody_who_holds_a_claim_is_waited_for_and_a_dead_one_is_replaced(world: World) -> None:
    world.script = {"ops": ["dead before"]}
    world.send(body("one"))
    world.send(body("one"), 5)
    world.run()
    assert world.told("ops") == world.told("desk") == {"one": 1}
    assert world.fates[0].message.id == "m2"
    assert world.fates[0].delay == 2, "before the lease is over: who holds it mostly lives"


@pytest.mark.parametrize("count", [3, 7, 60])
def test_a_storm_becomes_one_digest_at_its_window_s_end(world: World, count: int) -> None:
    for number in range(count):
        world.send(body(f"Failed {number % 3 if number < 40 else number}", f"text {number}"), 1)
    world.run()
    for channel in ("ops", "desk"):
        assert world.told(channel).total() == 2
        [found] = world.digests(channel)
        assert gathered([found]) == count - 2
        assert dict(found.facts) == {"Route": "all", "Told one by one": "2"}
        lines = [line.split(" x ") for line in found.text.splitlines()]
        assert sum(int(number) for number, _ in lines) == count - 2
        assert len(lines) <= 11
    assert world.now >= START + 120


def test_the_next_window_tells_one_by_one_again(world: World) -> None:
    for number in range(4):
        world.send(body(f"a{number}"))
    for number in range(2):
        world.send(body(f"b{number}"), 130)
    world.run()
    assert world.told("ops") == {"a0": 1, "a1": 1, "b0": 1, "b1": 1}
    assert len(world.digests("ops")) == 1


def test_a_reminder_that_comes_early_waits_and_one_that_comes_twice_is_one(world: World) -> None:
    due = DigestDue("all", "ops", START, 120)
    for number in range(4):
        world.send(body(f"a{number}"))
    for delay in (0, 50, 125, 3000):
        world.send(due.to_body(), delay)
    assert len(world.run().digests("ops")) == 1
    assert world.digests("ops")[0].severity.word == "info"


def test_a_reminder_of_a_window_without_a_digest_tells_nothing(world: World) -> None:
    world.send(DigestDue("all", "ops", START - 120, 120).to_body())
    assert world.run().posts == []


def test_a_function_whose_clock_is_late_puts_nothing_into_a_digest_that_was_told(world: World) -> None:
    for number in range(4):
        world.send(body(f"a{number}"))
    world.run()
    assert len(world.digests("ops")) == 1
    world.send(body("late"))
    moments = [START + 119.0] * 4  # the claim's and the first look's, for the first channel
    late = world.courier()
    late.clock = lambda: moments.pop() if moments else world.now
    world.queue[0].receives = 1
    late.take([world.queue.pop(0).message()])
    world.run()
    assert world.told("ops")["late"] == world.told("desk")["late"] == 1


def test_a_digest_in_trouble_is_told_later_and_a_refused_one_is_kept(world: World) -> None:
    world.script = {"ops": ["taken", "taken", "broken", "busy"], "desk": ["taken", "taken", "refused"]}
    for number in range(4):
        world.send(body(f"a{number}"))
    world.run()
    assert len(world.digests("ops")) == 1
    [(kept, failure)] = world.failures
    assert failure.channel == "desk"
    world.send(kept, channels="desk")
    assert len(world.run().digests("desk")) == 1


def test_the_worst_comes_first_in_a_digest() -> None:
    tallies = {"info#Loaded": 40, "critical#Alarm: x": 1, "error#others": 9, "error#Build failed": 3, "error#A": 3}
    found = digest(Window("all", "ops", START, 90), Head(5, 56, reminded=True, tallies=tallies))
    assert found.title == "56 more notifications in 1.5 minutes"
    assert found.severity.word == "critical"
    assert found.text.splitlines() == [
        "1 x critical: Alarm: x",
        "3 x error: A",
        "3 x error: Build failed",
        "40 x info: Loaded",
        f"9 x error: {OTHERS}",
    ]


TROUBLES = ["busy", "broken", "refused", "unexpected", "lost answer", "dead before", "dead after"]
HAPPENINGS = st.lists(st.sampled_from(["taken", "taken", *TROUBLES]), max_size=12)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 200)), min_size=1, max_size=25),
    st.fixed_dictionaries({"ops": HAPPENINGS, "desk": HAPPENINGS}),
)
def test_whatever_happens_nothing_is_lost_and_nothing_is_told_twice_for_nothing(
    sent: list[tuple[int, int]], script: dict[str, list[str]]
) -> None:
    unsure = {name: sum(each in {"lost answer", "dead after"} for each in found) for name, found in script.items()}
    world = World(script={channel: list(found) for channel, found in script.items()})
    for number, delay in sent:
        world.send(body(f"n{number}"), delay)
    world.run()
    wanted = {f"n{number}" for number, _ in sent}
    for channel in ("ops", "desk"):
        told, given_up, digests = world.told(channel), world.given_up(channel), world.digests(channel)
        waited = {claim for claim in world.ledger.claims if claim.startswith(f"claim#{channel}#")}
        kept = Counter(world.ledger.claims[claim].status for claim in waited)
        heads = [head for key, head in world.ledger.heads.items() if f"#{channel}#" in key]
        # Each is told, in a digest, or on the failure queue; and so is each digest.
        assert told.keys() <= wanted
        assert len(told) + kept[Status.GATHERED] + len(given_up.keys() - told.keys() - {"digest"}) == len(wanted)
        assert sum(head.gathered for head in heads) == kept[Status.GATHERED]
        missing = len([head for head in heads if head.gathered]) - len({each.occurrence for each in digests})
        assert missing <= given_up["digest"]
        # Twice only where nobody can know whether it was taken.
        again = sum(count - 1 for count in told.values()) + len(digests) - len({each.occurrence for each in digests})
        assert again <= unsure[channel]
        assert all(head.shown <= 2 for head in heads)
