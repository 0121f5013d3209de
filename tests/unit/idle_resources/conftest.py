"""What the idle resources' unit tests share."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from idle_resources.adapters import groups, instances, measurements
from shared import executions
from shared.clients import client
from shared.operations.adapters import clock, ec2, ledger, memory, runs, topic
from tests.unit.idle_resources.workflow import ENVIRONMENT, HANDLERS, Workflow


@pytest.fixture
def workflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workflow]:
    """A fresh account: moto's buckets and parameters, fakes of the rest; nothing is remembered from the test before."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for module in HANDLERS:
        module.settings.cache_clear()  # type: ignore[attr-defined]  # `once` is a cache
    instances._with_disks.cache_clear()  # noqa: SLF001  # it is kept for the process
    played = Workflow()
    fakes = {
        "ec2": played.ec2,
        "autoscaling": played.scaling,
        "cloudwatch": played.watch,
        "dynamodb": played.table,
        "sns": played.topic,
        "stepfunctions": played.states,
    }
    for adapter in (executions, groups, instances, measurements, ec2, ledger, memory, runs, topic):
        monkeypatch.setattr(adapter, "client", lambda service, **_: fakes.get(service) or client(service))
    monkeypatch.setattr(clock, "now", lambda: played.now)
    with mock_aws():
        played.create()
        yield played
