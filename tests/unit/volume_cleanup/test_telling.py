"""Who is told what: owners once of what was marked, operators of everything, in messages of bounded size."""

import pytest

from tests.support.functions import Context
from tests.unit.volume_cleanup.aws import Killed
from tests.unit.volume_cleanup.workflow import Workflow, entry
from volume_cleanup.handlers import mark_volumes, notify_owners


def unused(workflow: Workflow, volume_id: str, **tags: str) -> None:
    workflow.saw(workflow.ec2.add(volume_id, tags=tags), days_ago=30)


def test_each_owner_is_told_once_of_the_volumes_that_were_really_marked(workflow: Workflow) -> None:
    for number in range(120):
        unused(workflow, f"vol-{number:03}", owner="ada" if number % 2 else "bert")
    unused(workflow, "vol-none")
    run = workflow.plan()
    del workflow.ec2.volumes["vol-000"]
    for page_key in workflow.page_keys(run):
        workflow.until_done(mark_volumes, {"page_key": page_key})
    for _ in range(2):
        workflow.finish(run)
    told = {each["MessageAttributes"]["recipient"]["StringValue"]: each for each in workflow.topic.messages}
    assert len(workflow.topic.messages) == len(told)
    assert {name: each["Subject"] for name, each in told.items()} == {
        "ada": "60 of your volumes will be deleted",
        "bert": "59 of your volumes will be deleted",
        "operators": "1 of your volumes will be deleted",
    }
    assert "vol-001  10 GiB  0.80 USD a month  unattached since 2026-10-24T03:00:00Z" in told["ada"]["Message"]
    assert "deleted after 2026-11-30T03:00:00Z" in told["ada"]["Message"]
    assert told["ada"]["MessageAttributes"]["kind"]["StringValue"] == "warning"


def test_a_telling_that_is_cut_off_is_continued(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    unused(workflow, "vol-1", owner="ada")
    unused(workflow, "vol-2", owner="bert")
    run = workflow.plan()
    (page_key,) = workflow.page_keys(run)
    workflow.until_done(mark_volumes, {"page_key": page_key})
    publish = workflow.topic.publish

    def die(**message: object) -> None:
        publish(**message)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(workflow.topic, "publish", die)
        with pytest.raises(Killed):
            notify_owners.handler({"run_id": run["run_id"]}, Context())
    workflow.until_done(notify_owners, {"run_id": run["run_id"]})
    names = [each["MessageAttributes"]["recipient"]["StringValue"] for each in workflow.topic.messages]
    assert set(names) == {"ada", "bert"}


def test_the_report_counts_previews_and_says_how_to_restore(workflow: Workflow) -> None:
    for number in range(30):
        workflow.marked(f"vol-{number:02}", VolumeType="st1" if number == 0 else "gp3")
    report = workflow.run()
    text = report["told"]["text"]
    assert "DONE DELETE: 30" in text
    assert "and 10 more" in text
    assert "Price unknown: st1" in text
    assert "300 GiB, 23.20 USD a month saved" in text
    assert "python -m scripts.restore_volume" in text
    assert entry(report, "vol-29")["facts"]["snapshot_id"].startswith("snap-")


def test_the_snapshot_carries_the_volume_s_tags_and_what_restoring_needs(workflow: Workflow) -> None:
    own = {f"team-{number:02}": "x" for number in range(50 - 2)}
    workflow.marked("vol-1", tags=own, KmsKeyId="arn:aws:kms:us-east-1:000000000000:key/1")
    workflow.marked("vol-2", tags={"aws:cloudformation:stack-name": "s", "Name": "n"}, Throughput=None, Iops=None)
    workflow.run()
    first, second = (workflow.ec2.tags(each) for each in sorted(workflow.ec2.snapshots))
    assert len(first) == 50
    assert first["restore-kms-key"].endswith("key/1")
    assert second == {
        "Name": "n",
        "cleanup-run": "run-1",
        "restore-volume-id": "vol-2",
        "restore-size": "10",
        "restore-type": "gp3",
        "restore-zone": "us-east-1a",
    }
