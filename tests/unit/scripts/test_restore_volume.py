"""A volume that the clean-up deleted comes back as it was, from what its snapshot says."""

import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from scripts import restore_volume
from tests.support.functions import ENVIRONMENT
from volume_cleanup.domain.restoring import snapshot_tags
from volume_cleanup.domain.volume import Volume

type Command = Callable[..., int]

GONE = "vol-0123456789abcdef0"


@pytest.fixture
def ec2(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An account whose volume the clean-up has deleted, after a snapshot."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        client = boto3.client("ec2", region_name="us-east-1")
        source = client.create_volume(AvailabilityZone="us-east-1a", Size=30, VolumeType="gp3")["VolumeId"]
        own = {"Name": "data", "owner": "ada", "cleanup-marked-at": "2026-11-01T00:00:00Z"}
        volume = Volume(GONE, "available", False, 30, "gp3", "us-east-1a", own, 4000, 250)
        tags, _ = snapshot_tags(volume, "run-1")
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        specification = {"ResourceType": "snapshot", "Tags": pairs}
        client.create_snapshot(VolumeId=source, TagSpecifications=[specification])
        client.delete_volume(VolumeId=source)
        monkeypatch.setattr(restore_volume, "load", lambda _: SimpleNamespace(client=lambda _service: client))
        yield client


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    def run(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["restore_volume", *words])
        return restore_volume.main()

    return run


def test_without_yes_nothing_is_made(ec2: Any, command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(GONE) == 0
    assert "would be made again: 30 GiB of gp3 in us-east-1a" in capsys.readouterr().out
    assert ec2.describe_volumes()["Volumes"] == []


def test_a_volume_comes_back_as_it_was_without_its_mark(ec2: Any, command: Command) -> None:
    assert command("--yes", GONE) == 0
    (made,) = ec2.describe_volumes()["Volumes"]
    assert (made["Size"], made["VolumeType"], made["AvailabilityZone"]) == (30, "gp3", "us-east-1a")
    assert (made["Iops"], made["Throughput"]) == (4000, 250)
    tags = {tag["Key"]: tag["Value"] for tag in made["Tags"]}
    assert tags.pop("restored-from") == made["SnapshotId"]
    assert tags == {"Name": "data", "owner": "ada"}


def test_it_comes_back_once_unless_asked_again(ec2: Any, command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--yes", GONE) == 0
    assert command("--yes", GONE) == 1
    assert "already; --again makes another one" in capsys.readouterr().err
    assert command("--yes", "--again", "--zone", "us-east-1b", GONE) == 0
    assert {volume["AvailabilityZone"] for volume in ec2.describe_volumes()["Volumes"]} == {"us-east-1a", "us-east-1b"}


@pytest.mark.usefixtures("ec2")
def test_a_volume_without_a_snapshot_is_one_sentence(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("vol-1") == 1
    assert capsys.readouterr().err == "the clean-up has left no completed snapshot of vol-1\n"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"type": "st1", "iops": "500", "throughput": "40"}, {}),
        ({"type": "io2", "iops": "9000"}, {"Iops": 9000}),
        ({"type": "gp2", "kms-key": "key"}, {"Encrypted": True, "KmsKeyId": "key"}),
    ],
)
def test_only_what_a_type_takes_is_asked_for(tags: dict[str, str], expected: dict[str, Any]) -> None:
    facts = {"zone": "us-east-1a", "size": "30"} | tags
    snapshot = {"SnapshotId": "snap-1", "Tags": [{"Key": f"restore-{key}", "Value": v} for key, v in facts.items()]}
    found = restore_volume.request(snapshot)
    assert {key: found[key] for key in ("Iops", "Throughput", "Encrypted", "KmsKeyId") if key in found} == expected
