"""What the approval workflow's unit tests share."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from approval_workflow.adapters import clock, executions, instances, requests, topic
from shared.clients import client
from tests.unit.approval_workflow.workflow import ENVIRONMENT, HANDLERS, Locked, Workflow


@pytest.fixture
def workflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workflow]:
    """A fresh workflow, with nothing remembered from the test before."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for module in HANDLERS:
        module.settings.cache_clear()  # type: ignore[attr-defined]  # `once` is a cache
    with mock_aws():
        played = Workflow()
        played.create()
        monkeypatch.setattr(clock, "now", lambda: played.now)
        fakes = {executions: played.states, topic: played.topic, instances: played.ec2}
        for adapter, fake in fakes.items():
            monkeypatch.setattr(adapter, "client", lambda _service, fake=fake: fake)
        locked = Locked(client("dynamodb"))
        monkeypatch.setattr(requests, "client", lambda _service: locked)
        monkeypatch.setattr("approval_workflow.adapters.requests.time.sleep", lambda _seconds: None)
        yield played
