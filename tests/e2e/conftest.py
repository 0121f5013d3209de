"""The local environment, driven as its users drive it: through AWS's APIs only."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from scripts.inbox import Inbox
from scripts.local_engine import Engine
from tests.conftest import Applying
from tests.e2e.approvals import Approvals
from tests.e2e.pipeline import Pipeline
from tests.support.applied import Applied

WAIT_SCALE = 0.02  # a retry's 2 seconds become 40 ms; nothing else is changed
HOURS_SCALE = 0.0005  # an hour's wait becomes 1.8 s


@pytest.fixture(scope="session")
def engine(applying: Applying, local: Applied) -> Engine:
    """The engine that holds the applied local environment, with the machines' waits shortened."""
    assert local.deployment.endpoint_url == applying.engine.url
    scale_waits(applying.engine, WAIT_SCALE)
    return applying.engine


@pytest.fixture(scope="session")
def pipeline(engine: Engine, local: Applied) -> Iterator[Pipeline]:
    deployment = local.deployment
    assert engine.pid()
    with Inbox(deployment, deployment.outputs["etl_pipeline"]["topic_arn"]) as inbox:
        yield Pipeline(deployment, inbox)


@pytest.fixture(scope="module")
def desk(engine: Engine, local: Applied) -> Iterator[Approvals]:
    """The approval workflow, with hours that pass in seconds."""
    outputs = local.deployment.outputs["approval_workflow"]
    with waits_scaled(engine, HOURS_SCALE), Inbox(local.deployment, outputs["topic_arn"]) as inbox:
        yield Approvals(local.deployment, inbox)


@contextmanager
def waits_scaled(engine: Engine, scale: float, then: float = WAIT_SCALE) -> Iterator[None]:
    """Let the machines' waits and retries take that share of their time for a while."""
    scale_waits(engine, scale)
    try:
        yield
    finally:
        scale_waits(engine, then)


def scale_waits(engine: Engine, scale: float) -> None:
    """Let the machines' waits and retries take that share of their time."""
    post(engine, "/_ministack/config", {"stepfunctions._SFN_WAIT_SCALE": scale})


def post(engine: Engine, path: str, body: object) -> None:
    """Call one of the engine's own controls."""
    with urllib.request.urlopen(f"{engine.url}{path}", json.dumps(body).encode(), timeout=5):  # noqa: S310 - our own URL
        pass
