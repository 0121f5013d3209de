"""What the GitOps pipeline's unit tests share."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from gitops_pipeline.adapters import aliases, repository
from gitops_pipeline.adapters import executions as starts
from gitops_pipeline.handlers import read_push
from shared import executions
from shared.clients import client
from shared.operations.adapters import clock
from tests.unit.gitops_pipeline.workflow import ENVIRONMENT, WITH_SETTINGS, Workflow


@pytest.fixture
def workflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workflow]:
    """A fresh account: moto's, with fakes of what moto lacks; nothing is remembered from the test before."""
    played = Workflow()
    fakes = {"codecommit": played.codecommit, "stepfunctions": played.states, "lambda": played.functions}
    for adapter in (aliases, executions, repository, starts):
        monkeypatch.setattr(adapter, "client", lambda service, **_: fakes.get(service) or client(service))
    monkeypatch.setattr(clock, "now", lambda: played.now)
    monkeypatch.setattr(read_push.time, "sleep", lambda _seconds: None)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        played.create()
        monkeypatch.setenv("SIGNING_KEY_ARN", played.create_key())
        for module in WITH_SETTINGS:
            module.settings.cache_clear()
        yield played
