"""What the approval workflow's unit tests share."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from approval_workflow.adapters import clock, executions, instances, links, requests, topic
from shared.clients import client
from tests.unit.approval_workflow.aws import Locked, Tables
from tests.unit.approval_workflow.workflow import ENVIRONMENT, HANDLERS, Workflow


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Moto's AWS, and what Terraform tells the functions; nothing is remembered from the test before."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for module in HANDLERS:
        module.settings.cache_clear()  # type: ignore[attr-defined]  # `once` is a cache
    with mock_aws():
        yield


@pytest.fixture
def dynamodb() -> Any:
    """The tables' service; modules that need moto's say so."""
    return Tables()


@pytest.fixture
def motos_dynamodb(aws: None) -> Any:
    assert aws is None
    return Locked(client("dynamodb"))


@pytest.fixture
def workflow(aws: None, dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> Workflow:
    """A fresh workflow."""
    assert aws is None
    played = Workflow(dynamodb=dynamodb)
    fakes = {"dynamodb": dynamodb, "stepfunctions": played.states, "sns": played.topic, "ec2": played.ec2}
    for adapter in (executions, instances, links, requests, topic):
        monkeypatch.setattr(adapter, "client", lambda service: fakes.get(service) or client(service))
    monkeypatch.setattr(clock, "now", lambda: played.now)
    monkeypatch.setattr("approval_workflow.adapters.requests.time.sleep", lambda _seconds: None)
    played.create()
    return played
