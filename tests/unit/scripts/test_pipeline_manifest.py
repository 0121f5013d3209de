"""What the build signs is what the deploy's check takes, and nothing is signed that was not put into the bucket."""

import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from gitops_pipeline.adapters import objects, signatures
from gitops_pipeline.domain.manifest import Envelope, artifacts_of, artifacts_prefix
from gitops_pipeline.domain.run import Run
from scripts import pipeline_manifest
from shared.clients import client
from tests.support.functions import ENVIRONMENT

ORIGIN = {
    "run_id": "0a1b2c3d4e5f-01234567",
    "repository": "platform",
    "branch": "main",
    "commit": "0a1b2c3d4e5f" + "0" * 28,
}
RUN = Run(
    **ORIGIN, execution="", started_at="", previous="", parent="", pusher="", author="", message="", environment="dev",
    protected=False, approvers=(), needed=1, thresholds={}, canary=(), lease_seconds=1,
)  # fmt: skip


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """moto's, with a bucket; yields the signing key."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        client("s3").create_bucket(Bucket="pipeline")
        client("s3").put_bucket_versioning(Bucket="pipeline", VersioningConfiguration={"Status": "Enabled"})
        key = boto3.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")
        yield key["KeyMetadata"]["Arn"]


def run(monkeypatch: pytest.MonkeyPatch, key: str, bucket: str, *files: Path) -> int:
    origin = [item for name, value in ORIGIN.items() for item in (f"--{name.replace('_', '-')}", value)]
    command = ["x", "--bucket", bucket, "--signing-key", key, *origin, *map(str, files)]
    monkeypatch.setattr(sys, "argv", command)
    return pipeline_manifest.main()


def test_the_check_takes_what_was_signed(
    account: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one.zip", "two.zip"):
        (tmp_path / name).write_bytes(name.encode())
    assert run(monkeypatch, account, "pipeline", *tmp_path.glob("*.zip")) == 0
    told = dict(line.split("=") for line in capsys.readouterr().out.splitlines())
    body = objects.read("pipeline", told["MANIFEST_KEY"], 1 << 20, version_id=told["MANIFEST_VERSION"])
    envelope = Envelope.from_bytes(body)
    assert signatures.is_signed(account, envelope.digest, envelope.signature)
    artifacts = artifacts_of(envelope.payload, RUN)
    assert list(artifacts) == ["one.zip", "two.zip"]
    for artifact in artifacts.values():
        assert objects.digest("pipeline", artifact.key, artifact.version_id) == artifact.sha256
    assert pipeline_manifest.Origin(**ORIGIN).prefix == artifacts_prefix(RUN.run_id)


@pytest.mark.parametrize(("bucket", "file"), [("none", "a"), ("pipeline", "b")])
def test_what_cannot_be_put_is_not_signed(
    account: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bucket: str, file: str
) -> None:
    (tmp_path / "a").write_bytes(b"a")
    assert run(monkeypatch, account, bucket, tmp_path / file) == 1
    assert client("s3").list_objects_v2(Bucket="pipeline").get("Contents", []) == []


def test_why_there_is_no_manifest_is_one_sentence(
    account: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, account, "pipeline", tmp_path / "missing") == 1
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert "no manifest was made: FileNotFoundError" in told.err
