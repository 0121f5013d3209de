"""Owner tags end to end: whoever made something is its owner, nothing that has one gets another, nothing is lost."""

import io
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from scripts import backfill_tags
from scripts.demo import resource_tagging as story
from scripts.inbox import Inbox
from scripts.principals import Clients
from tests.e2e.account import ZONE
from tests.e2e.approvals import Approvals, wait
from tests.e2e.resource_tagging import Tagging
from tests.engine.hooks import hours_lasting

INES = ("ines", "iam-user")
SSO_PATH = "/aws-reserved/sso.amazonaws.com/"
NO_VOLUME = "InvalidVolume.NotFound"


@pytest.fixture(scope="module")
def ines(tagging: Tagging) -> Clients:
    """Somebody who makes things."""
    return tagging.person("ines")


@pytest.fixture(scope="module")
def host(tagging: Tagging, ines: Clients) -> str:
    """An instance of Ines's."""
    [instance] = tagging.launch(ines)
    tagging.parts(instance)
    return instance


@pytest.fixture(scope="module")
def disk(tagging: Tagging, ines: Clients) -> str:
    """A volume of Ines's, with a completed snapshot."""
    volume = tagging.volume(ines)
    tagging.owner(volume)
    return volume


@pytest.fixture(scope="module")
def copy(tagging: Tagging, ines: Clients, disk: str) -> str:
    """A completed snapshot of Ines's volume."""
    snapshot = tagging.keep(ines("ec2").create_snapshot(VolumeId=disk)["SnapshotId"])
    tagging.ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot], WaiterConfig={"Delay": 1})
    return snapshot


def test_an_instance_its_volumes_and_its_interfaces_are_tagged_in_one_go(tagging: Tagging, ines: Clients) -> None:
    instances = tagging.launch(ines, 2)
    parts = [part for each in instances for part in tagging.parts(each)]
    assert len(parts) == 8
    assert {tagging.owner(each) for each in parts} == {INES}
    [launched] = tagging.recorded(instances[0], "RunInstances")
    assert {tagging.tags(each)["owner-since"] for each in parts} == {launched["eventTime"]}
    [tagged] = tagging.recorded(instances[0], "CreateTags")
    listed = tagged["requestParameters"]["resourcesSet"]["items"]
    assert sorted(each["resourceId"] for each in listed) == sorted(parts)


def interface(tagging: Tagging, ec2: Any, _host: str, _copy: str) -> list[str]:
    return [ec2.create_network_interface(SubnetId=tagging.subnet)["NetworkInterface"]["NetworkInterfaceId"]]


def snapshots(_tagging: Tagging, ec2: Any, host: str, _copy: str) -> list[str]:
    made = ec2.create_snapshots(InstanceSpecification={"InstanceId": host})["Snapshots"]
    return [each["SnapshotId"] for each in made]


def registered(_tagging: Tagging, ec2: Any, _host: str, copy: str) -> list[str]:
    disks = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": copy}}]
    made = ec2.register_image(Name=uuid4().hex, BlockDeviceMappings=disks, RootDeviceName="/dev/xvda")
    return [made["ImageId"], copy]


def copied(_tagging: Tagging, ec2: Any, _host: str, copy: str) -> list[str]:
    return [ec2.copy_snapshot(SourceRegion="us-east-1", SourceSnapshotId=copy)["SnapshotId"]]


@pytest.mark.parametrize("make", [interface, snapshots, registered, copied], ids=lambda make: make.__name__)
def test_everything_that_a_person_makes_is_theirs(
    tagging: Tagging, ines: Clients, host: str, copy: str, make: Callable[..., list[str]]
) -> None:
    made = [tagging.keep(each) for each in make(tagging, ines("ec2"), host, copy)]
    assert {tagging.owner(each) for each in made} == {INES}


def test_an_image_and_its_snapshots_are_theirs_too_who_made_it(tagging: Tagging, ines: Clients, host: str) -> None:
    image = tagging.keep(ines("ec2").create_image(InstanceId=host, Name=uuid4().hex)["ImageId"])
    assert tagging.owner(image) == INES
    tagging.ec2.get_waiter("image_available").wait(ImageIds=[image], WaiterConfig={"Delay": 1})
    [found] = tagging.ec2.describe_images(ImageIds=[image])["Images"]
    disks = [tagging.keep(each["Ebs"]["SnapshotId"]) for each in found["BlockDeviceMappings"]]
    assert [tagging.owner(each) for each in disks] == [("ines", f"resource {image}")] * 2


def test_people_are_found_behind_roles(tagging: Tagging, ines: Clients) -> None:
    deployer, sso = tagging.role("deployer"), tagging.role("AWSReservedSSO_PowerUser", path=SSO_PATH)
    first = tagging.assume(deployer, "pipeline", by=ines)
    sessions = {
        ("dora@example.com", "session-name"): tagging.assume(deployer, "dora@example.com"),
        ("ada", "sso-session"): tagging.assume(sso, "ada"),
        ("carla", "source-identity"): tagging.assume(deployer, "nightly", SourceIdentity="carla"),
        ("ines", "role-chain iam-user"): tagging.assume(tagging.role("target"), "botocore-session-1", by=first),
        ("root", "role-chain root-user"): tagging.assume(deployer, "nightly"),
    }
    made = {owner: tagging.volume(by) for owner, by in sessions.items()}
    assert {owner: tagging.owner(volume) for owner, volume in made.items()} == {owner: owner for owner in made}


def test_what_a_program_on_an_instance_makes_belongs_to_the_instance_s_owner(tagging: Tagging, ines: Clients) -> None:
    profile = tagging.profile(tagging.role("program", {"Service": "ec2.amazonaws.com"}))
    [instance] = tagging.launch(ines, IamInstanceProfile={"Name": profile})
    tagging.parts(instance)
    assert tagging.owner(instance) == INES
    assert tagging.owner(tagging.volume(tagging.on(instance))) == ("ines", f"resource {instance}")


def test_a_machine_s_snapshot_belongs_to_the_owner_of_its_volume(tagging: Tagging, disk: str) -> None:
    snapshot = tagging.machine("createSnapshot", {"VolumeId": disk}, "SnapshotId")
    assert tagging.owner(snapshot) == ("ines", f"resource {disk}")
    volume = tagging.machine("createVolume", {"AvailabilityZone": ZONE, "Size": 1}, "VolumeId")
    assert tagging.owner(volume)[1] == "role with session states"


def test_what_a_group_launches_belongs_to_the_owner_of_the_group_or_of_its_stack(tagging: Tagging) -> None:
    stack = f"shop-{uuid4().hex[:8]}"
    group = tagging.stack(stack, "emil")
    [instance] = tagging.scale(group, 1)
    owners = {tagging.owner(each) for each in tagging.parts(instance)}
    assert owners == {("emil", f"auto-scaling-group {group}")}
    tagging.scale(group, 0)
    tag = {"ResourceId": group, "ResourceType": "auto-scaling-group", "Key": "owner"}
    tagging.deployment.client("autoscaling").delete_tags(Tags=[tag])
    [instance] = tagging.scale(group, 1)
    assert tagging.owner(instance) == ("emil", f"stack {stack}")


def test_an_approved_host_belongs_to_whoever_asked_for_it(tagging: Tagging, desk: Approvals) -> None:
    request_id = desk.submit()
    desk.approve(request_id, "bert", "cleo")
    desk.mail(request_id, "ada", "outcome")
    [host] = desk.instances(request_id)
    [interface] = host["NetworkInterfaces"]
    assert tagging.owner(interface["NetworkInterfaceId"]) == ("ada", "tags of the same call")
    assert tagging.owner(host["InstanceId"]) == ("ada", ""), "as the workflow itself wrote it"
    # It ends within seconds, long before the last of these tests.


def test_an_owner_who_is_there_stays(tagging: Tagging, ines: Clients) -> None:
    given = [{"ResourceType": "volume", "Tags": [{"Key": "owner", "Value": "dora"}]}]
    volume = tagging.volume(ines, TagSpecifications=given)
    wait(lambda: tagging.told(volume))
    [dealt] = tagging.told(volume)
    assert (dealt["kept"], dealt["tagged"]) == ([volume], [])
    assert tagging.tags(volume) == {"owner": "dora"}


def test_an_event_that_comes_again_changes_nothing(tagging: Tagging, disk: str) -> None:
    before = tagging.tags(disk)
    [record] = tagging.recorded(disk, "CreateVolume")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: tagging.deliver(record), range(4)))
    assert {(answer["owner"], *answer["kept"], *answer["tagged"]) for answer in answers} == {("ines", disk)}
    assert tagging.tags(disk) == before


def test_an_owner_who_is_written_a_moment_before_stays(tagging: Tagging, ines: Clients) -> None:
    with tagging.trouble("ec2:CreateTags", error="RequestLimitExceeded", seconds=5, times=1) as left:
        volume = tagging.volume(ines)
        wait(lambda: not left())  # the function has seen no owner, and will make its call again
        tagging.ec2.create_tags(Resources=[volume], Tags=[{"Key": "owner", "Value": "dora"}])
        wait(lambda: tagging.told(volume))
    assert tagging.tags(volume) == {"owner": "dora"}
    [dealt] = tagging.told(volume)
    assert (dealt["kept"], dealt["tagged"]) == ([volume], [])


def test_a_call_that_failed_is_nobody_s(tagging: Tagging, ines: Clients) -> None:
    name = f"hana-{uuid4().hex[:8]}"
    hana = tagging.person(name, may=[])
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        tagging.volume(hana)
    tagging.owner(tagging.volume(ines))  # which came later
    assert not tagging.told(name)
    [record] = tagging.recorded(name, "CreateVolume", "Username")
    assert tagging.deliver(record) == {"ignored": True}


def test_what_is_gone_before_it_is_tagged_fails_nothing(tagging: Tagging, ines: Clients) -> None:
    [instance] = tagging.launch(ines)
    tagging.ec2.terminate_instances(InstanceIds=[instance])
    wait(lambda: tagging.told(instance))
    [dealt] = tagging.told(instance)
    assert (dealt["gone"], dealt["tagged"]) == ([instance], [])


def test_what_is_not_taggable_yet_is_tried_again(tagging: Tagging, ines: Clients) -> None:
    with tagging.trouble("ec2:CreateTags", error=NO_VOLUME, times=3) as left:
        assert tagging.owner(tagging.volume(ines)) == INES
        assert not left()


def test_what_stays_untaggable_ends_in_the_failure_queue_and_is_made_up_for(tagging: Tagging, ines: Clients) -> None:
    with tagging.hasty(seconds=6), tagging.trouble("ec2:CreateTags", error=NO_VOLUME, times=10_000):
        volume = tagging.volume(ines)
        [failed] = wait(lambda: list(tagging.failed()))
    assert failed["responsePayload"]["errorType"] == "NotTaggableYet"
    assert failed["requestContext"]["approximateInvokeCount"] == 3
    assert not tagging.tags(volume)
    tagging.deliver(failed["requestPayload"]["detail"])
    assert tagging.owner(volume) == INES


def test_a_dry_run_only_tells(tagging: Tagging, ines: Clients) -> None:
    with tagging.unseen():
        volume = tagging.volume(ines)
    [record] = tagging.recorded(volume, "CreateVolume")
    answer = tagging.deliver(record, dry_run=True)
    assert (answer["dry_run"], answer["tagged"], answer["owner"]) == (True, [volume], "ines")
    assert not tagging.tags(volume)


def test_what_was_made_before_is_tagged_from_the_trail_s_history_once(
    tagging: Tagging, ines: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    with tagging.unseen():
        [instance] = tagging.launch(ines)
        parts = tagging.parts(instance)
        mine, gone, dora_s = (tagging.volume(ines) for _ in range(3))
        tagging.ec2.delete_volume(VolumeId=gone)
        tagging.ec2.create_tags(Resources=[dora_s], Tags=[{"Key": "owner", "Value": "dora"}])
    then = datetime.now(UTC).replace(microsecond=0) - timedelta(days=80)
    tagging.back_date([mine, gone, dora_s], "CreateVolume", then)
    tagging.back_date([instance], "RunInstances", then)

    def backfill(*, apply: bool) -> dict[str, int]:
        minute, names = timedelta(minutes=1), ("CreateVolume", "RunInstances")
        return dict(backfill_tags.backfill(tagging.deployment, then - minute, then + minute, apply=apply, names=names))

    counts = {"tagged": len(parts) + 1, "kept": 1, "gone": 1}
    assert backfill(apply=False) == counts
    assert not any(map(tagging.tags, [*parts, mine]))
    assert backfill(apply=True) == counts
    for each in (*parts, mine):
        assert tagging.owner(each) == INES
        assert tagging.tags(each)["owner-since"] == f"{then:%Y-%m-%dT%H:%M:%SZ}"
    assert tagging.tags(dora_s) == {"owner": "dora"}
    assert backfill(apply=True) == {"tagged": 0, "kept": len(parts) + 2, "gone": 1}
    assert "5 would be tagged, 1 had an owner, 1 are gone" in capsys.readouterr().out


def test_an_alarm_tells_that_nobody_counts_and_that_too_few_have_owners(tagging: Tagging, ines: Clients) -> None:
    owner = [{"Key": "owner", "Value": "ines"}]
    topic = tagging.deployment.outputs["foundation"]["alarm_topic_arn"]
    with Inbox(tagging.deployment, topic) as inbox, tagging.unseen(), hours_lasting(tagging.engine, 1):
        counts = tagging.measure()
        enough = abs(counts["seen"] - 2 * counts["owned"]) + 2  # to decide whether half of all have an owner
        volumes = [
            tagging.volume(ines, TagSpecifications=[{"ResourceType": "volume", "Tags": owner}]) for _ in range(enough)
        ]
        wait(tagging.is_unheard)
        tagging.count_until("OK")
        tagging.ec2.delete_tags(Resources=volumes, Tags=owner)
        tagging.count_until("ALARM")
        assert "datapoints [" in tagging.alarm()["StateReason"]
        tagging.ec2.create_tags(Resources=volumes, Tags=owner)
        tagging.count_until("OK")
        for state in ("OK", "ALARM", "OK"):
            assert inbox.wait_for(f'{state}: "{tagging.alarm()["AlarmName"]}"')


def test_the_resources_are_counted_by_the_clock(tagging: Tagging) -> None:
    before = len(tagging.counted())
    tagging.hook("schedules", name=tagging.outputs["schedule"], group=tagging.outputs["schedule"])
    wait(lambda: len(tagging.counted()) > before)


def test_a_count_that_did_not_begin_is_kept(tagging: Tagging) -> None:
    busy = tagging.trouble("scheduler:lambda:InvokeFunction", error="ThrottlingException", times=10)
    with busy, tagging.impatient() as schedule:
        tagging.hook("schedules", name=schedule, group=schedule)
        kept = wait(lambda: list(tagging.undelivered()))
    assert {} in kept


def test_the_demo_tells_whose_everything_is(tagging: Tagging) -> None:
    console = Console(file=io.StringIO(), soft_wrap=True)
    story.tell(tagging.deployment, console)
    told = cast("io.StringIO", console.file).getvalue()
    for owner in (
        "gita, found by iam-user",
        "ada@example.com, found by sso-session",
        "gita, found by role-chain iam-user",
    ):
        assert owner in told
    assert "frida, found by auto-scaling-group" in told
    assert "dora, as it was" in told
    assert re.search(r"--apply: 1 tagged.*--apply again: 0 tagged", told, re.DOTALL)
