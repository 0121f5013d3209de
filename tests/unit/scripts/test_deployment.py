"""Finding an environment's resources, and the sentence about each way in which that fails."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts import deployment
from scripts.deployment import NotDeployedError, load
from tests.support.fake_terraform import Install

OUTPUTS = json.dumps({"foundation": {"value": {"region": "eu-north-1"}}})
DENIED = "echo 'Error: No valid credential sources found' >&2; exit 1"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """An engine that answers, until a test says otherwise."""
    stub = SimpleNamespace(url="http://127.0.0.1:4830", answers=lambda: True)
    monkeypatch.setattr(deployment, "Engine", lambda: stub)
    return stub


def test_outputs_name_what_is_deployed(fake_terraform: Install) -> None:
    fake_terraform(output=f"echo '{OUTPUTS}'")
    found = load("prod")
    assert (found.environment, found.region, found.endpoint_url, found.account_id) == ("prod", "eu-north-1", None, None)


def test_the_local_environment_is_reached_on_the_engine(fake_terraform: Install, engine: SimpleNamespace) -> None:
    fake_terraform(output=f"[ $AWS_ENDPOINT_URL = {engine.url} ] && echo '{OUTPUTS}'")
    found = load("local")
    assert (found.endpoint_url, found.account_id) == (engine.url, "000000000000")


def test_what_terraform_cannot_read_is_not_called_undeployed(fake_terraform: Install) -> None:
    fake_terraform(output=DENIED)
    with pytest.raises(NotDeployedError) as refusal:
        load("prod")
    assert str(refusal.value) == (
        "the outputs of environment 'prod' cannot be read (No valid credential sources found); run `make plan ENV=prod`"
    )


@pytest.mark.usefixtures("engine")
def test_what_terraform_cannot_read_locally_the_demo_mends(fake_terraform: Install) -> None:
    fake_terraform(output=DENIED)
    with pytest.raises(NotDeployedError, match=r"'local' cannot be read \(No valid .*\); run `make demo`$"):
        load("local")


def test_a_dead_engine_is_said_before_terraform_is_asked(fake_terraform: Install, engine: SimpleNamespace) -> None:
    terraform = fake_terraform()
    engine.answers = lambda: False
    with pytest.raises(NotDeployedError, match=r"^no engine answers at http://127\.0\.0\.1:4830; run `make demo`$"):
        load("local")
    assert terraform.commands == []


@pytest.mark.parametrize(("environment", "mend"), [("local", "make demo"), ("prod", "make apply ENV=prod")])
@pytest.mark.usefixtures("engine")
def test_an_environment_without_outputs_is_not_deployed(fake_terraform: Install, environment: str, mend: str) -> None:
    fake_terraform(output="echo '{}'")
    with pytest.raises(NotDeployedError, match=rf"^environment '{environment}' is not deployed; run `{mend}`$"):
        load(environment)


def test_an_unknown_environment_is_answered_with_those_there_are(machine: Path) -> None:
    assert machine
    with pytest.raises(NotDeployedError, match="no environment 'nope'; there are: bootstrap, dev, local"):
        load("nope")
