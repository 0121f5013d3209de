"""The local environment, driven as its users drive it: through AWS's APIs only."""

import json
import urllib.request
from collections.abc import Iterator

import pytest

from scripts.inbox import Inbox
from scripts.local_engine import Engine
from tests.conftest import Applying
from tests.e2e.pipeline import Pipeline
from tests.support.applied import Applied

WAIT_SCALE = 0.02  # a retry's 2 seconds become 40 ms; nothing else is changed


@pytest.fixture(scope="session")
def engine(applying: Applying, local: Applied) -> Engine:
    """The engine that holds the applied local environment, with the machines' waits shortened."""
    assert local.deployment.endpoint_url == applying.engine.url
    post(applying.engine, "/_ministack/config", {"stepfunctions._SFN_WAIT_SCALE": WAIT_SCALE})
    return applying.engine


@pytest.fixture(scope="session")
def pipeline(engine: Engine, local: Applied) -> Iterator[Pipeline]:
    deployment = local.deployment
    assert engine.pid()
    with Inbox(deployment, deployment.outputs["etl_pipeline"]["topic_arn"]) as inbox:
        yield Pipeline(deployment, inbox)


def post(engine: Engine, path: str, body: object) -> None:
    """Call one of the engine's own controls."""
    with urllib.request.urlopen(f"{engine.url}{path}", json.dumps(body).encode(), timeout=5):  # noqa: S310 - our own URL
        pass
