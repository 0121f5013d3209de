"""The local environment, driven as its users drive it: through AWS's APIs only."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from scripts import sample_repository
from scripts.chat.connecting import connected
from scripts.inbox import Inbox
from scripts.local_account import TRAIL
from scripts.local_engine import Engine
from tests.conftest import Applying
from tests.e2e.approvals import Approvals
from tests.e2e.gitops_pipeline import Delivery, GitopsPipeline
from tests.e2e.idle_resources import IdleResources
from tests.e2e.notifications import Notifications
from tests.e2e.pipeline import Pipeline
from tests.e2e.resource_tagging import Tagging
from tests.e2e.snapshot_backup import AT_ONCE, NO_LIMITS, Backups
from tests.e2e.volume_cleanup import SETTINGS, VolumeCleanup
from tests.engine.hooks import hook
from tests.support.applied import Applied

WAIT_SCALE = 0.02  # a retry's 2 seconds become 40 ms; nothing else is changed
HOURS_SCALE = 0.0005  # an hour's wait becomes 1.8 s
MINUTES_SCALE = 0.002  # the five minutes that a killed function might have had become 0.6 s


@pytest.fixture(scope="session")
def engine(applying: Applying, local: Applied) -> Engine:
    """The engine that holds the applied local environment, with the machines' waits shortened.

    Its trail rests, but where owner tags are tested: other tests make volumes by the thousand.
    """
    assert local.deployment.endpoint_url == applying.engine.url
    scale_waits(applying.engine, WAIT_SCALE)
    local.deployment.client("cloudtrail").stop_logging(Name=TRAIL)
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


@pytest.fixture(scope="module")
def shelf(engine: Engine, local: Applied) -> Iterator[Backups]:
    """The backups, with limits and a pace that do not matter."""
    with Inbox(local.deployment, local.deployment.outputs["snapshot_backup"]["topic_arn"]) as inbox:
        found = Backups(local.deployment, engine, inbox)
        with found.settings.changed(limits=NO_LIMITS, rates=AT_ONCE):
            yield found


@pytest.fixture
def backups(shelf: Backups) -> Iterator[Backups]:
    """The backups, with nothing there at first."""
    yield shelf
    shelf.clear()


@pytest.fixture(scope="module")
def connection(engine: Engine, local: Applied) -> Iterator[Notifications]:
    """The local environment's notifications, whose channels listen to whom a test says."""
    routes = [{"name": "rest", "channels": []}]
    with connected(local.deployment, routes=routes, duplicate_seconds=600, storm={"limit": 100, "seconds": 60}) as chat:
        found = Notifications(local.deployment, engine, chat)
        # The shortest that the function's time-out allows: killed functions' messages come back soon.
        found.sqs.set_queue_attributes(QueueUrl=found.outputs["queue_url"], Attributes={"VisibilityTimeout": "12"})
        yield found


@pytest.fixture
def notifications(connection: Notifications) -> Iterator[Notifications]:
    """The same, in which nothing has been said yet; and what is said is as Slack and Teams want it."""
    connection.wait_until_empty()
    connection.chat.forget()
    yield connection
    assert not connection.chat.complaints


@pytest.fixture(scope="module")
def tagging(engine: Engine, local: Applied) -> Iterator[Tagging]:
    """The tagging workflow, which hears of every call."""
    with Tagging(local.deployment, engine) as found:
        yield found


@pytest.fixture(scope="module")
def idle_resources(engine: Engine, local: Applied) -> Iterator[IdleResources]:
    """The idle resources' workflow, whose schedule rests meanwhile."""
    topic = local.deployment.outputs["idle_resources"]["topic_arn"]
    with (
        Inbox(local.deployment, topic) as inbox,
        closing(IdleResources(local.deployment, engine, inbox)) as found,
        found.at_rest(),
    ):
        yield found


@pytest.fixture
def idle(idle_resources: IdleResources) -> Iterator[IdleResources]:
    """The same; whatever machines a test makes end with it, and its settings are the environment's again."""
    with idle_resources.put_right_again():
        yield idle_resources


@pytest.fixture(scope="module")
def volume_cleanup(engine: Engine, local: Applied) -> Iterator[VolumeCleanup]:
    """The volume clean-up, with minutes that pass in less than a second, at rates that AWS would not allow."""
    outputs = local.deployment.outputs["volume_cleanup"]
    with waits_scaled(engine, MINUTES_SCALE), Inbox(local.deployment, outputs["topic_arn"]) as inbox:
        driven = VolumeCleanup(local.deployment, engine, inbox)
        with driven.at_rest(), driven.settings.changed(**SETTINGS):
            yield driven
            driven.clean_up()


@pytest.fixture
def cleanup(volume_cleanup: VolumeCleanup) -> VolumeCleanup:
    """The same, without volumes of the tests before."""
    volume_cleanup.clean_up()
    return volume_cleanup


@pytest.fixture(scope="session")
def gitops(engine: Engine, local: Applied, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitopsPipeline]:
    """The GitOps pipeline, and a clone of the repository that it deploys."""
    with Inbox(local.deployment, local.deployment.outputs["gitops_pipeline"]["topic_arn"]) as inbox:
        yield GitopsPipeline(local.deployment, engine, inbox, tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="session")
def pushed(gitops: GitopsPipeline, engine: Engine) -> list[Delivery]:
    """What came of the first push, whose event EventBridge delivers twice."""
    hook(engine, "events/repetitions", rule=gitops.rule("aws.codecommit"), times=1)
    return gitops.ended(count=2, commitId=gitops.sample.push(sample_repository.unchanged()))


@pytest.fixture(scope="session")
def delivered(pushed: list[Delivery]) -> Delivery:
    """The run of the first push."""
    [run] = [delivery for delivery in pushed if "Scan" in delivery.states]
    assert run.status == "SUCCEEDED", run.execution.get("cause")
    assert run.mail, "read before others of the same commit come"
    return run


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
