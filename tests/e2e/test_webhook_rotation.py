"""The channels' addresses, replaced by an issuer's while messages are on their way, whatever goes wrong."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Event, Thread

import pytest

from scripts.chat.server import Trouble
from tests.e2e.notifications import BOTH, SLACK, Notifications, marker
from tests.e2e.rotation import KeptSecret, assert_gives_way, assert_is_cleared

PAUSE_SECONDS = 0.3
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


@pytest.fixture
def webhooks(notifications: Notifications) -> KeptSecret:
    """The secret that holds the channels' addresses."""
    outputs = notifications.outputs
    function = outputs["function_names"]["keep_webhooks"]
    return KeptSecret(notifications.deployment, outputs["webhooks_secret"], function, notifications.engine)


def test_addresses_are_replaced_while_messages_are_on_their_way(
    notifications: Notifications, webhooks: KeptSecret
) -> None:
    source, said, chat = notifications.source(), marker(), notifications.chat
    with notifications.only(source), talking(notifications, source, said) as sentences:
        old = {channel: notifications.heard(channel, said).key for channel in BOTH}
        began = time.time()
        assert webhooks.rotate()
        new = {post.channel: post.key for post in chat.silent}
        for channel in BOTH:
            notifications.wait(lambda channel=channel: chat.of(channel)[-1].key == new[channel])
    assert steps_done(notifications, webhooks, began) == list(STEPS)
    for channel in BOTH:
        notifications.wait(lambda channel=channel: len(notifications.told(channel, said)) == len(sentences))
        assert {post.key for post in notifications.told(channel, said)} == {old[channel], new[channel]}
        assert old[channel] != new[channel]
        assert [each.key for each in chat.silent if each.channel == channel] == [new[channel]] * 2, "the last two steps"
    notifications.wait_until_empty()
    assert not notifications.failures(said)


def test_an_address_that_is_none_is_given_up_and_the_one_before_works_on(
    notifications: Notifications, webhooks: KeptSecret
) -> None:
    source, said, before = notifications.source(), marker(), webhooks.current()
    notifications.chat.trouble(SLACK, Trouble.GONE)
    given_up = webhooks.begin()
    notifications.wait(lambda: given_up not in webhooks.stages())
    assert given_up
    assert webhooks.current() == before
    with notifications.only(source):
        notifications.say(source, said)
        in_force = notifications.heard(SLACK, said).key
        assert webhooks.rotate()
        notifications.wait(lambda: said_by_another_key(notifications, source, in_force))


def test_a_value_that_holds_no_address_does_not_block_the_next(webhooks: KeptSecret) -> None:
    assert_gives_way(webhooks, "no addresses")


def test_what_a_cancelled_rotation_left_is_cleared_by_the_addresses_function(webhooks: KeptSecret) -> None:
    assert_is_cleared(webhooks, json.dumps({SLACK: "http://127.0.0.1:9/nobody/listens"}))


def said_by_another_key(notifications: Notifications, source: str, key: str) -> bool:
    """Say something; tell whether it came by another address than that with a key."""
    said = marker()
    notifications.say(source, said)
    return notifications.heard(SLACK, said).key != key


def steps_done(notifications: Notifications, webhooks: KeptSecret, since: float) -> list[str]:
    """Return the steps that the secret's function has done since a moment, in order."""
    group, wanted = f"/aws/lambda/{webhooks.function}", '"a step of the rotation is done"'
    logs = notifications.deployment.client("logs")
    found = logs.filter_log_events(logGroupName=group, filterPattern=wanted, startTime=int(since * 1000))["events"]
    return [json.loads(event["message"])["step"] for event in found]


@contextmanager
def talking(notifications: Notifications, source: str, said: str) -> Iterator[list[str]]:
    """Say one sentence after another meanwhile; yield those that were said."""
    sentences: list[str] = []
    enough = Event()

    def talk() -> None:
        for number in count():
            notifications.say(source, f"{said}, {number}")
            sentences.append(str(number))
            if enough.wait(PAUSE_SECONDS):
                return

    talker = Thread(target=talk)
    talker.start()
    try:
        yield sentences
    finally:
        enough.set()
        talker.join()
