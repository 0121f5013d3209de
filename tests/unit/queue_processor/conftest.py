"""What the queue workflow's unit tests share."""

import json
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from queue_processor.handlers import keep_totals, process_messages
from shared.observability import logger
from tests.unit.queue_processor.workflow import ENVIRONMENT, Workflow

_EVENTS = Path(__file__).parents[2] / "events"
_CACHES = (process_messages.settings, keep_totals.settings)  # nothing may be remembered


def _event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((_EVENTS / f"{name}.json").read_text())
    return event


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bool], Workflow]]:
    """Build a fresh workflow in moto's AWS, in order or not, with nothing remembered from the test before."""
    for cached in _CACHES:
        cached.cache_clear()

    def create(fifo: bool) -> Workflow:  # the fixtures below say which
        workflow = Workflow(_event("sqs_messages"), _event("dynamodb_stream_records"))
        for name, value in workflow.create(fifo=fifo).items():
            monkeypatch.setenv(name, value)
        return workflow

    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield create


@pytest.fixture
def workflow(build: Callable[[bool], Workflow]) -> Workflow:
    return build(False)


@pytest.fixture
def ordered(build: Callable[[bool], Workflow]) -> Workflow:
    """A workflow whose queues are FIFO."""
    return build(True)


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the handlers log; the logger took hold of standard output when it was imported, before pytest did."""
    found = StringIO()
    output = logger.registered_handler.setStream(found)
    yield found
    logger.registered_handler.setStream(output)
