"""What the notifications' unit tests share."""

from collections.abc import Iterable, Iterator
from io import StringIO
from types import SimpleNamespace

import pytest
from moto import mock_aws

from notifications.adapters import addresses
from notifications.handlers import send_notifications
from scripts.chat.server import Chat
from shared import configuration
from shared.observability import logger
from shared.queues import sending
from shared.queues.message import Message
from tests.unit.notifications.workflow import ENVIRONMENT, Workflow


@pytest.fixture
def workflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workflow]:
    """A fresh workflow, with nothing remembered from the test before."""
    configuration.forget()
    for cached in (send_notifications.settings, addresses._read):  # noqa: SLF001
        cached.cache_clear()
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with Chat() as chat, mock_aws():
        found = Workflow(chat)

        def delay(queue_url: str, delays: Iterable[tuple[Message, int]]) -> None:
            assert queue_url == found.queue
            found.delays = {message.id: seconds for message, seconds in delays}

        monkeypatch.setattr(sending, "delay", delay)
        monkeypatch.setattr(send_notifications, "time", SimpleNamespace(time=lambda: found.now))
        for name, value in found.create().items():
            monkeypatch.setenv(name, value)
        yield found


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the handler logs; the logger took hold of standard output when it was imported, before pytest did."""
    found = StringIO()
    output = logger.registered_handler.setStream(found)
    yield found
    logger.registered_handler.setStream(output)
