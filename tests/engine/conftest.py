"""One engine for the whole session, and clients as an account's root or as a role the test makes."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from scripts import build_image
from scripts.local_engine import Engine
from tests.engine.builds import Builds
from tests.engine.functions import Functions
from tests.engine.hosts import Hosts
from tests.engine.repositories import Repositories
from tests.engine.rest import Rest
from tests.engine.sources import Sources
from tests.engine.waiting import DAY, MINUTE
from tests.support.machines import Machines
from tests.support.ports import free_port

ACCOUNT = "000000000000"
REGION = "us-east-1"
type Clients = Callable[[str], Any]


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    started = Engine(free_port(), tmp_path_factory.mktemp("engine"))
    with pytest.MonkeyPatch.context() as environment:
        for name, value in build_image.variables(started.url).items():
            environment.setenv(f"{build_image.PREFIX}{name}", value)
        environment.setenv("ENGINE_TIME_ALARM_SCALE", str(MINUTE / 60))
        environment.setenv("ENGINE_BUILD_OF_THE_IMAGE", "1")
        environment.setenv("ENGINE_TIME_BUILD_SCALE", str(MINUTE / 60))
        environment.setenv("ENGINE_TIME_INSTANCE_STATE_SECONDS", "0.2")
        environment.setenv("ENGINE_TIME_ROTATION_SCALE", str(DAY / 86_400))
        environment.setenv("ENGINE_TIME_SNAPSHOT_SECONDS", "0.2")
        environment.setenv("ENGINE_TIME_TO_LIVE_SECONDS", "1")
        with started as running:
            yield running


def _clients(engine: Engine, key: str, secret: str, token: str | None = None) -> Clients:
    session = boto3.Session(key, secret, token, REGION)
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    # One client a service: each keeps its connections.
    clients = cache(lambda service: session.client(service, endpoint_url=engine.url, config=config))
    clients.session = session  # type: ignore[attr-defined] # its credentials sign the calls of an API
    return clients


@pytest.fixture(scope="session")
def client(engine: Engine) -> Clients:
    """Clients of the local account's root, by service: `client("sqs")`."""
    return _clients(engine, ACCOUNT, "test")


@pytest.fixture
def name() -> str:
    """A name no other test uses."""
    return f"test-{uuid4().hex[:12]}"


@pytest.fixture
def hear(client: Clients, name: str) -> Iterator[Callable[..., Callable[[], list[dict[str, Any]]]]]:
    """Make a rule of a pattern; what is returned returns the events that came since it was last asked."""
    url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    queue = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": queue}]}
    client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})

    def heard() -> list[dict[str, Any]]:
        found = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in found]

    def rule(pattern: dict[str, Any]) -> Callable[[], list[dict[str, Any]]]:
        client("events").put_rule(Name=name, EventPattern=json.dumps(pattern))
        client("events").put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue}])
        return heard

    yield rule
    client("events").remove_targets(Rule=name, Ids=["queue"])
    client("events").delete_rule(Name=name)
    client("sqs").delete_queue(QueueUrl=url)


@pytest.fixture(scope="session")
def make_role(client: Clients) -> Callable[..., str]:
    """Make a role from its permission statements; return its ARN. `trust` is a service, or an ARN, or a statement."""

    def make(*statements: dict[str, Any], trust: str | dict[str, Any] = "lambda.amazonaws.com") -> str:
        kind = "Service" if isinstance(trust, str) and trust.endswith(".amazonaws.com") else "AWS"
        trusted = trust if isinstance(trust, dict) else {"Principal": {kind: trust}}
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", **trusted}]}
        role = f"role-{uuid4().hex[:12]}"
        iam = client("iam")
        arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
        if statements:
            iam.put_role_policy(
                RoleName=role,
                PolicyName="permissions",
                PolicyDocument=json.dumps(
                    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **s} for s in statements]}
                ),
            )
        return arn

    return make


@pytest.fixture(scope="session")
def as_role(engine: Engine, client: Clients, make_role: Callable[..., str]) -> Callable[..., Clients]:
    """Clients that hold just the given permission statements: `as_role({"Action": …, "Resource": …})("s3")`.

    The role's ARN is the attribute `role_arn` of what is returned.
    """

    def assume(*statements: dict[str, Any]) -> Clients:
        arn = make_role(*statements, trust=f"arn:aws:iam::{ACCOUNT}:root")
        got = client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        clients = _clients(engine, got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"])
        clients.role_arn = arn  # type: ignore[attr-defined] # a function carries its role, for the decision log
        return clients

    return assume


@pytest.fixture(scope="session")
def builds(client: Clients, make_role: Callable[..., str]) -> Builds:
    """Make and run projects of CodeBuild."""
    return Builds(client, make_role)


@pytest.fixture(scope="session")
def functions(client: Clients, make_role: Callable[..., str]) -> Functions:
    """Make and invoke Lambda functions."""
    return Functions(client, make_role)


@pytest.fixture(scope="session")
def hosts(client: Clients, make_role: Callable[..., str]) -> Hosts:
    """Launch EC2 instances."""
    return Hosts(client, make_role)


@pytest.fixture(scope="session")
def machines(client: Clients, make_role: Callable[..., str]) -> Machines:
    """Make and run state machines."""
    return Machines(client("stepfunctions"), make_role)


@pytest.fixture(scope="session")
def sources(client: Clients, functions: Functions, make_role: Callable[..., str]) -> Sources:
    """Make event sources and their mappings."""
    return Sources(client, functions, make_role)


@pytest.fixture(scope="session")
def repositories(client: Clients, tmp_path_factory: pytest.TempPathFactory) -> Repositories:
    """Make repositories of CodeCommit, and push to them."""
    return Repositories(client, tmp_path_factory.mktemp("clones"))


@pytest.fixture(scope="session")
def rest(client: Clients, functions: Functions, engine: Engine) -> Rest:
    """Make and call REST APIs."""
    return Rest(client, functions, engine.url)
