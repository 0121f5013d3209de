"""The deploy takes the artifacts and the plan that it is told of, and no others, and says in a sentence why not."""

import hashlib
import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from scripts import pipeline_deploy
from scripts.pipeline_deploy import Deploy, DeployError
from scripts.pipeline_manifest import Origin
from shared.clients import client
from tests.support.fake_terraform import FakeTerraform, Install
from tests.support.functions import ENVIRONMENT

RUN = "0a1b2c3d4e5f-01234567"
ROLE = "arn:aws:iam::123456789012:role/deploy-workflows-sample-plan"
ZIPS = {"greeter.zip": b"greeter", "layer_arm64.zip": b"layer"}
DIGESTS = {name: hashlib.sha256(body).hexdigest() for name, body in ZIPS.items()}
TOLD = {
    "BUCKET": "pipeline",
    "RUN_ID": RUN,
    "ENVIRONMENT": "dev",
    "DEPLOYER_ROLE_ARN": ROLE,
    "ARTIFACTS": json.dumps(DIGESTS),
}
CHANGES = [["create"], ["delete", "create"], ["update"], ["no-op"], ["read"], ["delete"], ["forget"]]
SHOWN = json.dumps({"resource_changes": [{"change": {"actions": actions}} for actions in CHANGES]})
PLANNING = {
    "plan": "echo planned > deploy.tfplan; echo readable",
    "show": f"echo '{SHOWN}'",
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with an environment; a build was told what to do in it."""
    root = tmp_path / "repository"
    (root / "environments" / "dev").mkdir(parents=True)
    monkeypatch.setattr(pipeline_deploy, "ROOT", root)
    for name, value in TOLD.items():
        monkeypatch.setenv(name, value)
    return root


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """moto's, with the artifacts of a run in its bucket."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        client("s3").create_bucket(Bucket="pipeline")
        client("s3").put_bucket_versioning(Bucket="pipeline", VersioningConfiguration={"Status": "Enabled"})
        prefix = Origin(RUN, "platform", "main", "0" * 40).prefix
        for name, body in ZIPS.items():
            client("s3").put_object(Bucket="pipeline", Key=prefix + name, Body=body)
        yield


class Deployments:
    """Runs the command in the repository, with a Terraform that does as it is told."""

    def __init__(self, install: Install, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self.terraform: FakeTerraform = install(**PLANNING)
        self._monkeypatch = monkeypatch
        self._capfd = capfd

    def __call__(self, command: str, **told: str) -> tuple[int, str, str]:
        for name, value in told.items():
            self._monkeypatch.setenv(name, value)
        self._monkeypatch.setattr(sys, "argv", ["x", command])
        return (pipeline_deploy.main(), *self._capfd.readouterr())

    def plan(self) -> dict[str, str]:
        """Return what an apply has to be told."""
        status, out, err = self("plan")
        assert status == 0, err
        return dict(word.split("=", 1) for line in out.splitlines() for word in shlex.split(line))


@pytest.fixture
def run(
    fake_terraform: Install,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    repository: Path,  # noqa: ARG001 where it runs
    account: None,  # noqa: ARG001 with what it runs
) -> Deployments:
    return Deployments(fake_terraform, monkeypatch, capfd)


def test_a_plan_is_made_of_the_artifacts_and_kept(run: Deployments, repository: Path) -> None:
    told = run.plan()
    assert {path.name: path.read_bytes() for path in (repository / "build").iterdir()} == ZIPS
    assert run.terraform.commands == ["init", "plan", "show"]
    assert told["PLAN_KEY"] == f"runs/{RUN}/plan.tfplan"
    kept = client("s3").get_object(Bucket="pipeline", Key=told["PLAN_KEY"], VersionId=told["PLAN_VERSION"])
    assert hashlib.sha256(kept["Body"].read()).hexdigest() == told["PLAN_SHA256"]
    text = client("s3").get_object(Bucket="pipeline", Key=f"runs/{RUN}/plan.txt")["Body"].read()
    assert text == b"readable\n"
    assert told["PLAN_SUMMARY"] == "2 to add, 1 to change, 2 to destroy"


def test_what_was_planned_is_applied_however_often_it_is_planned_again(run: Deployments, repository: Path) -> None:
    told = run.plan()
    run.terraform.says(**PLANNING | {"plan": "echo something else > deploy.tfplan"})
    run.plan()
    run.terraform.says(apply="read -r line < deploy.tfplan && echo applied $line")
    status, out, err = run("apply", **told)
    assert (status, out) == (0, "")
    assert "applied planned" in err, "Terraform's words are in the log"
    assert run.terraform.commands == ["init", "apply"]
    assert {path.name for path in (repository / "build").iterdir()} == set(ZIPS)


def test_terraform_acts_as_the_role_in_a_session_named_after_the_run(run: Deployments, repository: Path) -> None:
    run.terraform.says(**PLANNING, init='echo "$AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY $AWS_SESSION_TOKEN" > whoami')
    status, *streams = run("plan")
    key, secret, token = (repository / "environments" / "dev" / "whoami").read_text().split()
    assert (status, key[:4]) == (0, "ASIA")
    assert "test" not in {key, secret, token}, "not the build's own"
    assert not any(word in stream for stream in streams for word in (key, secret, token))


class Sts:
    """A service that gives a role to nobody, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: dict[str, str] = {}

    def assume_role(self, **asked: str) -> Any:
        self.asked = asked
        error = {"Code": "AccessDenied", "Message": "is not authorized to perform: sts:AssumeRole"}
        raise ClientError({"Error": error}, "AssumeRole")  # type: ignore[arg-type] # it has no more to say


def test_a_role_that_is_refused_ends_it(run: Deployments) -> None:
    sts = Sts()
    with pytest.raises(DeployError, match=f"^the role {ROLE} was not to be had: .*sts:AssumeRole"):
        pipeline_deploy.plan(Deploy.read(TOLD), client("s3"), sts)
    assert sts.asked == {"RoleArn": ROLE, "RoleSessionName": RUN}
    assert run.terraform.commands == []


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_an_artifact_that_was_replaced_is_refused(run: Deployments, repository: Path, command: str) -> None:
    told = run.plan()
    (repository / "build" / "layer_arm64.zip").unlink()
    run.terraform.says(**PLANNING)
    client("s3").put_object(Bucket="pipeline", Key=f"artifacts/{RUN}/layer_arm64.zip", Body=b"another")
    status, out, err = run(command, **told)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert f"and not the signed {DIGESTS['layer_arm64.zip']}" in err
    assert not (repository / "build" / "layer_arm64.zip").exists()
    assert run.terraform.commands == []


def test_an_artifact_that_is_missing_is_named(run: Deployments) -> None:
    status, _, err = run("plan", ARTIFACTS=json.dumps({**DIGESTS, "other.zip": "0" * 64}))
    assert (status, err.count("\n")) == (1, 1)
    assert f"the artifact other.zip is not to be had from artifacts/{RUN}/other.zip" in err
    assert run.terraform.commands == []


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"PLAN_SHA256": "0" * 64}, "which was decided about"),
        ({"PLAN_VERSION": "none"}, "the plan is not to be had"),
        ({"PLAN_KEY": "runs/another/plan.tfplan"}, "is not the plan of this run"),
    ],
)
def test_another_plan_is_refused(run: Deployments, wrong: dict[str, str], sentence: str) -> None:
    told = run.plan() | wrong
    run.terraform.says(**PLANNING)
    status, out, err = run("apply", **told)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert sentence in err
    assert run.terraform.commands == []


def test_an_apply_without_a_plan_is_refused(run: Deployments) -> None:
    status, _, err = run("apply")
    assert (status, err) == (1, "apply of dev: the build was not told PLAN_KEY\n")


@pytest.mark.parametrize("step", ["init", "plan", "show"])
def test_a_plan_that_fails_is_not_kept(run: Deployments, step: str) -> None:
    run.terraform.says(**PLANNING | {step: "echo 'Error: No bucket' >&2; exit 3"})
    status, out, err = run("plan")
    assert (status, out) == (1, "")
    assert "Error: No bucket" in err
    assert err.splitlines()[-1] == f"plan of dev: terraform {step} failed, and the log says why"
    kept = client("s3").list_objects_v2(Bucket="pipeline", Prefix="runs/").get("Contents", [])
    assert kept == []


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"ARTIFACTS": ""}, "ARTIFACTS is no JSON"),
        ({"ARTIFACTS": "{}"}, "there is nothing to deploy"),
        ({"ARTIFACTS": "[1]"}, "there is nothing to deploy"),
        ({"ARTIFACTS": '{"../a.zip": ""}'}, "is no artifact's name"),
        ({"ARTIFACTS": '{".zip": ""}'}, "is no artifact's name"),
        ({"ENVIRONMENT": "prod"}, "the repository has no environment 'prod'"),
        ({"ENVIRONMENT": ".."}, "the repository has no environment '..'"),
        ({"ENVIRONMENT": ""}, "the repository has no environment ''"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_fetched(
    run: Deployments, repository: Path, wrong: dict[str, str], sentence: str
) -> None:
    status, _, err = run("plan", **wrong)
    assert (status, err.count("\n")) == (1, 1)
    assert sentence in err
    assert not (repository / "build").exists()


@pytest.mark.parametrize("name", TOLD)
def test_what_it_was_not_told_is_named(run: Deployments, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    status, _, err = run("plan")
    assert status == 1
    assert f"the build was not told {name}\n" in err
