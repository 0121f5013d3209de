"""Everything that a call made is tagged with its owner, together, once, and never over a tag that is there."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from resource_tagging.domain.errors import NotTaggableYet
from resource_tagging.handlers import measure_coverage, tag_resources
from shared.clients import client
from tests.support.functions import Context
from tests.unit.resource_tagging.account import Account, refusal

type Golden = Callable[[str], Any]


def test_an_instance_its_volumes_and_its_interfaces_are_tagged_in_one_go(account: Account, golden: Golden) -> None:
    (instance,) = account.instance()
    answer = account.deliver(golden("run_instances_sso"), i_1=instance)
    assert sorted(answer["tagged"]) == sorted(account.parts(instance))
    assert account.calls.count("create_tags") == 1
    for part in account.parts(instance):
        tags = account.tags(part)
        assert (tags["owner"], tags["owner-found-by"]) == ("ada@example.com", "sso-session")
        assert tags["owner-since"].endswith("Z")


def test_an_owner_who_is_there_is_never_overwritten(account: Account, golden: Golden) -> None:
    (instance,) = account.instance()
    _, volume, interface = account.parts(instance)
    account.set_tags(volume, owner="dora")
    answer = account.deliver(golden("run_instances_sso"), i_1=instance)
    assert (answer["tagged"], answer["kept"]) == ([instance, interface], [volume])
    assert account.tags(volume) == {"owner": "dora"}


def test_an_event_that_is_delivered_twice_changes_nothing(account: Account, golden: Golden) -> None:
    (instance,) = account.instance()
    event = golden("run_instances_sso")
    account.deliver(event, i_1=instance)
    before = account.tags(instance)
    answer = account.deliver(event, i_1=instance)
    assert (answer["tagged"], sorted(answer["kept"])) == ([], sorted(account.parts(instance)))
    assert account.tags(instance) == before
    assert account.calls.count("create_tags") == 1


def test_a_call_that_failed_made_nothing(account: Account, golden: Golden) -> None:
    assert account.deliver(golden("run_instances_failed")) == {"ignored": True}
    assert account.calls == []


@pytest.mark.parametrize("detail", [{}, None, [], {"eventName": "DescribeVolumes"}, {"eventName": "CreateVolume"}])
def test_what_made_nothing_is_passed_over(account: Account, detail: Any) -> None:
    assert account.deliver({"detail": detail}) == {"ignored": True}


def test_a_dry_run_only_tells(account: Account, golden: Golden) -> None:
    volume = account.volume()
    answer = account.deliver(golden("create_volume_iam_user") | {"dry_run": True}, vol_1=volume)
    assert (answer["dry_run"], answer["tagged"], answer["owner"]) == (True, [volume], "bert")
    assert account.tags(volume) == {}


def test_the_environment_makes_every_run_dry(account: Account, golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRY_RUN", "true")
    volume = account.volume()
    assert account.deliver(golden("create_volume_iam_user") | {"dry_run": False}, vol_1=volume)["dry_run"]
    assert account.tags(volume) == {}


def test_a_resource_that_is_not_taggable_yet_is_waited_for(account: Account, golden: Golden) -> None:
    volume = account.volume()
    account.refusals = [refusal("InvalidVolume.NotFound"), refusal("InvalidVolume.NotFound")]
    assert account.deliver(golden("create_volume_iam_user"), vol_1=volume)["tagged"] == [volume]
    assert account.calls.count("create_tags") == 3


def test_a_resource_that_is_not_taggable_for_long_goes_to_the_failure_queue(account: Account, golden: Golden) -> None:
    volume = account.volume()
    account.refusals = [refusal("InvalidVolume.NotFound")]
    with pytest.raises(NotTaggableYet):
        account.deliver(golden("create_volume_iam_user"), seconds=4, vol_1=volume)
    assert account.calls.count("create_tags") == 1


def test_a_pending_instance_is_waited_for_because_its_volumes_are_not_there(
    account: Account, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    (instance,) = account.instance()
    states = iter(["pending", "pending", "running"])
    monkeypatch.setattr("resource_tagging.adapters.resources._state", lambda _instance: next(states, "running"))
    assert len(account.deliver(golden("run_instances_sso"), i_1=instance)["tagged"]) == 3


@pytest.mark.parametrize("name", ["create_image_root", "create_volume_iam_user", "run_instances_sso"])
def test_what_is_never_seen_ends_in_the_failure_queue(account: Account, golden: Golden, name: str) -> None:
    with pytest.raises(NotTaggableYet, match=r"-0000000000000000[12]: not seen yet"):
        account.deliver(golden(name), seconds=4)
    assert "create_tags" not in account.calls


def test_what_is_gone_after_a_while_does_not_hold_up_the_rest(account: Account, golden: Golden) -> None:
    event = golden("create_snapshots_chained_role")
    event["detail"]["eventTime"] = "2026-11-01T08:00:00Z"
    snapshot = account.ec2.create_snapshot(VolumeId=account.volume())["SnapshotId"]
    answer = account.deliver(event, snap_2=snapshot)
    assert (answer["tagged"], answer["gone"]) == ([snapshot], ["snap-00000000000000003"])


def test_a_dry_run_does_not_promise_to_tag_what_is_gone(account: Account, golden: Golden) -> None:
    event = golden("create_volume_iam_user")
    event["detail"]["eventTime"] = "2026-11-01T08:00:00Z"
    answer = account.deliver(event | {"dry_run": True})
    assert (answer["tagged"], answer["gone"]) == ([], ["vol-00000000000000001"])


def test_what_goes_between_two_calls_does_not_hold_up_the_rest(account: Account, golden: Golden) -> None:
    event = golden("create_snapshots_chained_role")
    event["detail"]["eventTime"] = "2026-11-01T08:00:00Z"
    gone, left = (account.ec2.create_snapshot(VolumeId=account.volume())["SnapshotId"] for _ in range(2))
    account.refusals = [refusal("InvalidSnapshot.NotFound")] * 2  # for both, then for the first
    answer = account.deliver(event, snap_2=gone, snap_3=left)
    assert (answer["tagged"], answer["gone"]) == ([left], [gone])


def test_an_instance_that_has_ended_is_gone(account: Account, golden: Golden) -> None:
    (instance,) = account.instance()
    account.ec2.terminate_instances(InstanceIds=[instance])
    answer = account.deliver(golden("run_instances_sso"), i_1=instance)
    assert (answer["tagged"], answer["gone"]) == ([], [instance])


def test_an_image_s_snapshots_are_its_owner_s(account: Account, golden: Golden) -> None:
    (instance,) = account.instance()
    image = account.ec2.create_image(InstanceId=instance, Name="image")["ImageId"]
    (shown,) = account.ec2.describe_images(ImageIds=[image])["Images"]
    (snapshot,) = (disk["Ebs"]["SnapshotId"] for disk in shown["BlockDeviceMappings"])
    ready = golden("ami_state_change")
    assert account.deliver(ready, ami_1=image) == {"ignored": True}, "nobody has told yet whose it is"
    account.set_tags(image, owner="emil")
    answer = account.deliver(ready, ami_1=image)
    assert (answer["owner"], answer["found_by"]) == ("emil", f"resource {image}")
    assert (answer["tagged"], answer["kept"]) == ([snapshot], [image])
    assert account.tags(snapshot)["owner"] == "emil"


def test_an_image_that_is_ready_when_its_call_is_told_of_is_tagged_with_its_snapshots(
    account: Account, golden: Golden
) -> None:
    (instance,) = account.instance()
    image = account.ec2.create_image(InstanceId=instance, Name="image")["ImageId"]
    answer = account.deliver(golden("create_image_root"), ami_2=image)
    assert [each.partition("-")[0] for each in answer["tagged"]] == ["ami", "snap"]
    assert account.calls.count("create_tags") == 1


def test_an_image_that_failed_has_nothing_to_tag(account: Account, golden: Golden) -> None:
    event = golden("ami_state_change")
    event["detail"]["State"] = "failed"
    assert account.deliver(event) == {"ignored": True}
    assert account.calls == []


def test_an_owner_who_was_written_a_moment_ago_is_respected(account: Account, golden: Golden) -> None:
    (instance,) = account.instance()
    _, volume, interface = account.parts(instance)

    account.refusals = [refusal("UnauthorizedOperation")]  # its role may tag only what has no owner
    owned = iter([set[str](), {volume}])
    account.monkeypatch.setattr("resource_tagging.adapters.resources._owned", lambda *_: next(owned))
    answer = account.deliver(golden("run_instances_sso"), i_1=instance)
    assert (answer["tagged"], answer["kept"]) == ([instance, interface], [volume])
    assert account.tags(volume) == {}


def test_a_missing_permission_is_an_error(account: Account, golden: Golden) -> None:
    account.refusals = [refusal("UnauthorizedOperation")]
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        account.deliver(golden("create_volume_iam_user"), vol_1=account.volume())


def test_many_instances_of_one_call_are_tagged_in_one_go(account: Account, golden: Golden) -> None:
    event, instances = golden("run_instances_sso"), account.instance(70)
    items = event["detail"]["responseElements"]["instancesSet"]["items"]
    items[:] = [items[0] | {"instanceId": each} for each in instances]
    assert len(account.deliver(event)["tagged"]) == 210
    assert account.calls.count("create_tags") == 1


def test_the_share_of_resources_with_an_owner_is_measured(account: Account, golden: Golden) -> None:
    (instance,) = account.instance()
    account.deliver(golden("run_instances_sso"), i_1=instance)
    volume, nobodys = account.volume(), account.volume()
    account.set_tags(nobodys, owner="unknown")
    snapshot = account.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    answer = measure_coverage.handler({}, Context())
    assert (answer["seen"], answer["owned"], answer["percent"]) == (6, 3, "50.0")
    assert answer["without_owner"] == [snapshot, volume, nobodys]


def test_an_empty_account_is_covered(account: Account) -> None:
    assert account.calls == []
    assert measure_coverage.handler({}, Context())["percent"] == "100.0"


def test_patience_grows_and_ends(account: Account, golden: Golden) -> None:
    waits: list[float] = []
    account.monkeypatch.setattr(tag_resources.time, "sleep", waits.append)
    account.refusals = [refusal("InvalidVolume.NotFound")] * 4
    account.deliver(golden("create_volume_iam_user"), vol_1=account.volume())
    assert len(waits) == 4
    assert max(waits) <= 5


def test_groups_stacks_and_sources_lend_their_owner(account: Account, golden: Golden) -> None:
    (instance,) = account.instance()
    volume = account.volume()
    account.set_tags(volume, owner="dora")
    snapshot = account.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    answer = account.deliver(golden("create_snapshot_service_role"), snap_1=snapshot, vol_1=volume)
    assert (answer["owner"], answer["found_by"]) == ("dora", f"resource {volume}")
    account.stacks = {"shop": {"owner": "emil"}}
    answer = account.deliver(golden("run_instances_cloudformation"), i_1=instance)
    assert (answer["owner"], answer["found_by"]) == ("emil", "stack shop")


def test_a_groups_owner_is_the_owner_of_what_it_launches(account: Account, golden: Golden) -> None:
    (instance,) = account.instance()
    group: Any = {"AutoScalingGroupName": "web", "MinSize": 0, "MaxSize": 1, "AvailabilityZones": ["us-east-1a"]}
    tag = {"Key": "owner", "Value": "frida", "PropagateAtLaunch": False, "ResourceId": "web"}
    groups = client("autoscaling")
    launch = groups.create_launch_configuration
    launch(LaunchConfigurationName="web", ImageId="ami-1", InstanceType="t3.micro")
    groups.create_auto_scaling_group(
        **group, LaunchConfigurationName="web", Tags=[{**tag, "ResourceType": "auto-scaling-group"}]
    )
    answer = account.deliver(golden("run_instances_auto_scaling"), i_1=instance)
    assert (answer["owner"], answer["found_by"]) == ("frida", "auto-scaling-group web")


def test_a_launcher_that_is_gone_has_no_owner(account: Account, golden: Golden) -> None:
    (instance,) = account.instance()
    answer = account.deliver(golden("run_instances_cloudformation"), i_1=instance)
    assert (answer["owner"], answer["found_by"]) == ("stack-deployer", "role with session AWSCloudFormation")
