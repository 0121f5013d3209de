"""What the snapshot workflow's unit tests share."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from moto import mock_aws

from shared.clients import client
from shared.operations.adapters import clock
from shared.operations.adapters import ec2 as core
from shared.operations.adapters import plans as core_plans
from snapshot_backup.adapters import plans, snapshots, volumes
from tests.unit.snapshot_backup.aws import HOME, Ec2, World
from tests.unit.snapshot_backup.workflow import ENVIRONMENT, HANDLERS, Workflow


@pytest.fixture
def workflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workflow]:
    """A fresh workflow, on a quiet morning."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for module in HANDLERS:
        module.settings.cache_clear()  # type: ignore[attr-defined]  # `once` is a cache
    world = World(datetime(2026, 11, 2, 2, tzinfo=UTC))

    def play(service: str, *, region: str | None = None, **_: Any) -> Any:
        fakes = {"ec2": Ec2(world, region or HOME), "s3": world.bucket}
        return fakes.get(service) or client(service)

    for adapter in (core, core_plans, plans, snapshots, volumes):
        monkeypatch.setattr(adapter, "client", play)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    with mock_aws():
        played = Workflow(world)
        played.create()
        yield played
