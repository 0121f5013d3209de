"""What the volume clean-up's unit tests share."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from shared import executions
from shared.clients import client
from shared.operations.adapters import clock, ec2, ledger, memory, runs, topic
from tests.unit.volume_cleanup.workflow import ENVIRONMENT, HANDLERS, Workflow
from volume_cleanup.adapters import detachments, volumes


@pytest.fixture
def workflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workflow]:
    """A fresh account: moto's buckets and parameters, fakes of the rest; nothing is remembered from the test before."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for module in HANDLERS:
        module.settings.cache_clear()  # type: ignore[attr-defined]  # `once` is a cache
    played = Workflow()
    fakes = {
        "ec2": played.ec2,
        "dynamodb": played.table,
        "cloudtrail": played.trail,
        "sns": played.topic,
        "stepfunctions": played.states,
    }
    for adapter in (executions, ec2, ledger, memory, runs, topic, detachments, volumes):
        monkeypatch.setattr(adapter, "client", lambda service, **_: fakes.get(service) or client(service))
    monkeypatch.setattr(clock, "now", lambda: played.now)
    monkeypatch.setattr(ec2.time, "sleep", lambda _seconds: None)
    with mock_aws():
        played.create()
        yield played
