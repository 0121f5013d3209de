"""Only what this run's build made and signed is deployed, byte for byte."""

from typing import Any

import pytest

from gitops_pipeline.adapters import objects
from gitops_pipeline.domain.errors import BadManifest, LockLost
from gitops_pipeline.handlers import read_manifest
from shared.clients import client
from tests.support.functions import Context
from tests.unit.gitops_pipeline.workflow import BUCKET, Workflow


def read(event: dict[str, Any]) -> dict[str, Any]:
    return read_manifest.handler(event, Context())


def test_a_signed_manifest_yields_the_digests_to_deploy(workflow: Workflow) -> None:
    run = workflow.begin()
    artifacts = {name: workflow.artifact(run, name, name.encode() * 3_000_000) for name in ("one", "two")}
    answer = read(workflow.manifest(run, artifacts))
    assert answer["artifacts"] == {name: artifact["sha256"] for name, artifact in artifacts.items()}
    assert len(answer["manifest_digest"]) == 64


def test_a_manifest_that_another_key_signed_or_that_was_changed_is_refused(workflow: Workflow) -> None:
    run, theirs = workflow.begin(), workflow.key_arn
    artifacts = {"one": workflow.artifact(run, "one", b"1")}
    good = workflow.object(workflow.manifest(run, artifacts)["manifest_key"])
    workflow.create_key()
    forged = workflow.manifest(run, artifacts)
    workflow.key_arn = theirs
    changed = workflow.envelope(run, good | {"manifest": good["manifest"] + " "})
    for event in (forged, changed):
        with pytest.raises(BadManifest, match="signature is not the build's"):
            read(event)


@pytest.mark.parametrize("origin", ["run_id", "repository", "branch", "commit"])
def test_a_manifest_of_another_run_is_refused_however_well_it_is_signed(workflow: Workflow, origin: str) -> None:
    run = workflow.begin()
    event = workflow.manifest(run, {"one": workflow.artifact(run, "one", b"1")}, **{origin: "another"})
    with pytest.raises(BadManifest, match=f"manifest's {origin} is 'another'"):
        read(event)


@pytest.mark.parametrize(
    "told", [{"version_id": ""}, {"manifest_key": ""}, {"manifest_key": "artifacts/another-run/manifest.json"}]
)
def test_a_build_that_names_no_manifest_of_its_run_is_refused(workflow: Workflow, told: dict[str, str]) -> None:
    run = workflow.begin()
    event = workflow.manifest(run, {"one": workflow.artifact(run, "one", b"1")})
    with pytest.raises(BadManifest, match="no manifest of its run's"):
        read(event | told)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sha256": "0" * 64}, "has the digest"),
        ({"sha256": "ABC"}, "no SHA-256"),
        ({"version_id": ""}, "no version"),
        ({"version_id": "00000000-0000-0000-0000-000000000000"}, "there is no artifacts/"),
        ({"key": "artifacts/another-run/one.zip"}, "not among the run's artifacts"),
    ],
)
def test_an_artifact_that_is_not_the_one_it_names_is_refused(
    workflow: Workflow, changes: dict[str, str], sentence: str
) -> None:
    run = workflow.begin()
    event = workflow.manifest(run, {"one": workflow.artifact(run, "one", b"1") | changes})
    with pytest.raises(BadManifest, match=sentence):
        read(event)


def test_an_artifact_that_was_replaced_is_deployed_in_the_version_that_was_signed(workflow: Workflow) -> None:
    run = workflow.begin()
    signed = workflow.artifact(run, "one", b"1")
    workflow.artifact(run, "one", b"another")
    assert read(workflow.manifest(run, {"one": signed}))["artifacts"] == {"one": signed["sha256"]}


@pytest.mark.parametrize("artifacts", [{}, [], {"one": {}}, {"../one": {"key": "", "version_id": "", "sha256": ""}}])
def test_a_manifest_without_readable_artifacts_is_refused(workflow: Workflow, artifacts: Any) -> None:
    with pytest.raises(BadManifest):
        read(workflow.manifest(workflow.begin(), artifacts))


@pytest.mark.parametrize("document", [[], {}, {"manifest": 1, "signature": ""}, {"manifest": "{}", "signature": "?"}])
def test_what_is_no_manifest_is_refused(workflow: Workflow, document: object) -> None:
    with pytest.raises(BadManifest, match="not a signed manifest"):
        read(workflow.envelope(workflow.begin(), document))


def test_a_missing_or_a_huge_manifest_is_refused_before_it_is_read(workflow: Workflow) -> None:
    run = workflow.begin()
    event = workflow.envelope(run, {"manifest": "x" * (1 << 20)})
    with pytest.raises(BadManifest, match="the limit is"):
        read(event)
    with pytest.raises(BadManifest, match=r"there is no artifacts/.*\.old"):
        read(event | {"manifest_key": event["manifest_key"] + ".old"})


def test_other_faults_of_s3_are_not_the_manifest_s(workflow: Workflow) -> None:
    s3 = client("s3")
    assert workflow.key_arn
    with pytest.raises(s3.exceptions.NoSuchBucket):
        objects.read("no-bucket", "key", 1)
    with pytest.raises(s3.exceptions.NoSuchBucket):
        objects.digest("no-bucket", "key", "1")
    with pytest.raises(objects.Missing):
        objects.read(BUCKET, "no-key", 1)


def test_a_run_that_lost_its_lock_gets_nothing_to_deploy(workflow: Workflow) -> None:
    run = workflow.begin()
    event = workflow.manifest(run, {"one": workflow.artifact(run, "one", b"1")})
    workflow.die(run)
    workflow.begin("run-2", 2)
    with pytest.raises(LockLost):
        read(event)
