"""The volume clean-up end to end: of thousands exactly the right ones are deleted, and nothing without good reason."""

import io
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from rich.console import Console

from scripts import restore_volume
from scripts.demo import volume_cleanup as story
from scripts.local_engine import Engine
from tests.e2e.alarms import hearing
from tests.e2e.approvals import wait
from tests.e2e.conftest import MINUTES_SCALE, waits_scaled
from tests.e2e.disturbances import kill_functions, throttled
from tests.e2e.volume_cleanup import MARK, Run, VolumeCleanup, tags_of
from tests.engine.hooks import hook
from tests.support import privileges

MOST_EVENTS = 25_000  # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
PAGE = 50
TOMORROW = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
# How many volumes have which fate; together they are two thousand.
FATES = {
    "kept": 10,  # by a tag that its owner set in time
    "kept after marking": 10,
    "unreadable": 10,  # what its tag says
    "used": 10,  # for a moment, between being marked and the end of its grace
    "attached": 100,  # between plan and act, as all that follow
    "vanished": 50,
    "broken": 20,
    "kept late": 10,
    "unmarked by hand": 10,
    "expired": 10,  # its tag, so it goes
    "throttled": 20,
    "unused": 140,
    "marked before": 1600,  # by runs that nobody watched here
}
DELETED = ("expired", "throttled", "unused", "marked before")
WATCHED = [fate for fate in FATES if fate != "marked before"]


@dataclass(frozen=True)
class Thousands:
    """What became of two thousand volumes: `fates` has their ids, `before` how they were when the last run acted."""

    fates: dict[str, list[str]]
    marking: Run
    run: Run
    before: dict[str, dict[str, Any]]
    after: dict[str, dict[str, Any]]
    cut_off: int

    def ids(self, *fates: str) -> set[str]:
        return {volume_id for fate in fates or FATES for volume_id in self.fates[fate]}

    def outcomes(self, fate: str) -> set[tuple[str, str]]:
        return set(self.run.outcomes(self.ids(fate)).values())


@pytest.fixture(scope="module")
def thousands(volume_cleanup: VolumeCleanup, engine: Engine) -> Thousands:
    """Let volumes be seen, marked and, after their grace, deleted among two thousand, while all goes wrong that can."""
    cleanup = volume_cleanup
    fates = {fate: cleanup.make(FATES[fate], owner=f"owner of {fate}") for fate in WATCHED}
    watched = [volume_id for ids in fates.values() for volume_id in ids]
    cleanup.tag(fates["kept"], **{"keep-until": TOMORROW})
    cleanup.tag(fates["expired"], **{"keep-until": "2026-01-01"})
    first = cleanup.run()
    assert Counter(reason for _, reason in first.outcomes(watched).values())["unattached for 0 of 14 days"] == 390
    cleanup.pass_days(15, watched)
    marking = cleanup.run()
    assert marking.status == "SUCCEEDED", marking.error
    cleanup.tag(fates["kept after marking"], **{"keep-until": "forever"})
    cleanup.tag(fates["unreadable"], **{"keep-until": "next summer"})
    cleanup.pass_days(8, watched)
    fates["marked before"] = cleanup.due(FATES["marked before"], owner="owner of marked before")
    cleanup.attach(*fates["used"])
    cleanup.detach(*fates["used"])
    cleanup.detached(2, fates["used"])
    execution, before = planned(cleanup, engine, fates)
    killed_at, cut_off = killed(cleanup, engine, execution)
    run = cleanup.finished(execution, killed_at)
    return Thousands(fates, marking, run, before, cleanup.volumes(), cut_off)


def planned(
    cleanup: VolumeCleanup, engine: Engine, fates: dict[str, list[str]]
) -> tuple[str, dict[str, dict[str, Any]]]:
    """Start a run, and change the account after its plan and before its acts; return the execution and the volumes."""
    for volume_id in fates["throttled"]:
        for operation in ("CreateSnapshot", "DeleteVolume"):
            cleanup.arm(f"ec2:{operation}", "RequestLimitExceeded", VolumeId=volume_id)
    # More than the client's own attempts: the step fails, and the machine tries it again.
    cleanup.arm("ec2:DeleteVolume", "RequestLimitExceeded", times=5, VolumeId=fates["unused"][0])
    with waits_scaled(engine, 1, then=MINUTES_SCALE), throttled(cleanup, "mark_volumes"):
        execution = cleanup.start()
        cleanup.wait_for_event(execution, "MapRunStarted")
        cleanup.attach(*fates["attached"])
        cleanup.delete(*fates["vanished"])
        cleanup.change(fates["broken"], state="error")
        cleanup.tag(fates["kept late"], **{"keep-until": TOMORROW})
        cleanup.untag(fates["unmarked by hand"], *MARK)
        before = cleanup.volumes()
    return execution, before


def killed(cleanup: VolumeCleanup, engine: Engine, execution: str) -> tuple[float, int]:
    """Kill the functions in the middle of a page, twice; return when, and how many volumes they were at."""
    run_id, killed_at, cut_off = execution.rpartition(":")[2], 0.0, 0
    for page, step in ((4, "/snapshots"), (20, "")):
        middle = cleanup.read(f"plans/{run_id}/{page}.json")["items"][PAGE // 2]["resource_id"]
        cleanup.until(execution, partial(cleanup.row, run_id + step, middle), killed_at)
        assert kill_functions(engine)
        killed_at = time.time()
        cut_off += len(cleanup.claims(run_id))
    return killed_at, cut_off


def test_exactly_the_right_ones_are_deleted(thousands: Thousands) -> None:
    assert len(thousands.ids()) == 2000
    assert set(thousands.before) == thousands.ids() - thousands.ids("vanished")
    assert set(thousands.after) == set(thousands.before) - thousands.ids(*DELETED)


def test_all_others_are_untouched_but_for_marks_that_are_over(thousands: Thousands) -> None:
    unmarked = thousands.ids("kept after marking", "unreadable", "used")
    for volume_id, volume in thousands.after.items():
        expected = dict(thousands.before[volume_id])
        if volume_id in unmarked:
            expected["Tags"] = [tag for tag in expected["Tags"] if tag["Key"] not in MARK]
        assert volume == expected


def test_every_volume_is_accounted_for_with_the_reason(thousands: Thousands) -> None:
    expected = {
        "kept": ("NOT_PLANNED", f"kept until {TOMORROW} (keep-until)"),
        "kept after marking": ("DONE UNMARK", "kept for ever (keep-until)"),
        "unreadable": (
            "DONE UNMARK",
            "kept, as keep-until is neither a date like 2026-12-31 nor forever: 'next summer'",
        ),
        "attached": ("SKIPPED DELETE", "attached meanwhile"),
        "vanished": ("SKIPPED DELETE", "vanished"),
        "broken": ("SKIPPED DELETE", "its state is error"),
        "kept late": ("SKIPPED DELETE", f"kept until {TOMORROW} (keep-until)"),
        "unmarked by hand": ("SKIPPED DELETE", "its mark is another one than planned"),
    }
    assert {fate: thousands.outcomes(fate) for fate in expected} == {fate: {one} for fate, one in expected.items()}
    [used] = thousands.outcomes("used")
    assert used[0] == "DONE UNMARK"
    assert used[1].startswith("attached or made after it was marked: unattached only since ")
    for fate in DELETED:
        assert {outcome for outcome, _ in thousands.outcomes(fate)} == {"DONE DELETE"}
    assert all("keep-until expired on 2026-01-01" in reason for _, reason in thousands.outcomes("expired"))
    counted = sum(len(thousands.run.outcomes(thousands.ids(fate))) for fate in FATES)
    assert counted == 2000


def test_ledger_report_and_message_say_the_same(thousands: Thousands) -> None:
    run = thousands.run
    assert (run.status, run.report["failed"], run.report["unfinished"]) == ("SUCCEEDED", 0, 0)
    assert run.report["saved"] == {"gib": 17_700, "usd_per_month": "1416.00"}
    rows = {row["resource_id"]: f"{row['status']} {row['action']}" for row in run.cleanup.rows(run.run_id)}
    entries = {each["resource_id"]: each["outcome"] for each in run.report["entries"]}
    assert rows == {each: outcome for each, outcome in entries.items() if outcome != "NOT_PLANNED"}
    told = run.told()
    assert told.subject == "Volume clean-up: 1,770 deleted"
    assert "17,700 GiB, 1416.00 USD a month saved" in told.message


def test_each_deleted_one_has_one_completed_snapshot_from_which_it_can_be_made_again(thousands: Thousands) -> None:
    snapshots = thousands.run.snapshots
    assert Counter(each["VolumeId"] for each in snapshots) == Counter(thousands.ids(*DELETED))
    assert {each["State"] for each in snapshots} == {"completed"}
    for each in snapshots:
        own = {key: text for key, text in tags_of(thousands.before[each["VolumeId"]]).items() if key not in MARK}
        assert tags_of(each) == own | {
            "cleanup-run": thousands.run.run_id,
            "restore-volume-id": each["VolumeId"],
            "restore-type": "gp3",
            "restore-size": "10",
            "restore-zone": "us-east-1a",
            "restore-iops": "3000",
            "restore-throughput": "125",
        }


def test_nothing_was_done_twice_although_functions_were_killed(thousands: Thousands, engine: Engine) -> None:
    assert thousands.cut_off, "in the middle of something"
    calls = Counter(
        (each["action"], each["resource"].rpartition("/")[2])
        for each in engine.decisions()
        if each["action"] in {"ec2:CreateSnapshot", "ec2:DeleteVolume"}
        and privileges.role_name(each).startswith("workflows-local-volume-cleanup-")
    )
    expected = {
        (action, each) for action in ("ec2:CreateSnapshot", "ec2:DeleteVolume") for each in thousands.ids(*DELETED)
    }
    assert {call: times for call, times in calls.items() if call[1] in thousands.ids()} == dict.fromkeys(expected, 1)


def test_each_owner_was_warned_once(thousands: Thousands) -> None:
    marking = thousands.marking
    assert marking.report["counts"]["DONE MARK"] == 390
    for fate in WATCHED:
        if fate != "kept":
            told = marking.told("warning", f"owner of {fate}")
            assert told.subject == f"{FATES[fate]} of your volumes will be deleted"
    assert marking.cleanup.inbox.wait_for("", 1, kind="warning") is None


def test_histories_stay_short_however_many_volumes_there_are(thousands: Thousands) -> None:
    run, marking = thousands.run, thousands.marking
    assert (len(run.pages), len(marking.pages)) == (40, 8)
    assert len(run.events) == len(marking.events), "pages have histories of their own"
    assert len(run.events) / 40 * (10_000 / PAGE) < MOST_EVENTS / 100, "even if it grew with them"
    looks = 360  # a page's, if a snapshot takes six hours; see modules/workflows/volume_cleanup
    assert min(map(len, run.pages)) * looks < MOST_EVENTS, "even if each look took as much as all the rest"


def test_a_dry_run_touches_nothing_and_is_the_default(cleanup: VolumeCleanup) -> None:
    [due], [old], [attached] = cleanup.due(), cleanup.old(), cleanup.due()
    cleanup.attach(attached)
    before = cleanup.volumes()
    for dry in (True, None):
        with cleanup.settings.changed(dry_run=dry):
            run = cleanup.run()
        assert (run.status, run.report["dry_run"]) == ("SUCCEEDED", True)
        assert "ProcessPages" not in run.states
        outcomes = {each: outcome for each, (outcome, _) in run.outcomes({due, old, attached}).items()}
        assert outcomes == {due: "WOULD_DELETE", old: "WOULD_MARK", attached: "WOULD_UNMARK"}
        assert cleanup.read(f"plans/{run.run_id}/pages.json") == [], "nothing that could be acted on"
        assert "Dry run: nothing was touched" in run.told().message
    assert cleanup.volumes() == before
    assert run.snapshots == []


def test_over_a_limit_nothing_at_all_is_done_and_an_alarm_tells(cleanup: VolumeCleanup) -> None:
    cleanup.due(2)
    cleanup.old()
    before = cleanup.volumes()
    limits = {"max_count": 1, "max_gib": 10, "max_percent": 100}
    heard = hearing(cleanup.deployment, "workflows-local-volume-cleanup-failed")
    with heard as alarm, cleanup.settings.changed(limits=limits):
        run = cleanup.run()
        assert "over a limit nothing was touched" in alarm("ALARM").message, "its runbook sentence"
    assert (run.status, run.error) == ("FAILED", "LimitsExceeded")
    assert "the limit is 1; " in run.execution["cause"]
    assert "GiB, the limit is 10" in run.execution["cause"]
    assert "ProcessPages" not in run.states
    assert cleanup.volumes() == before
    assert cleanup.read(f"plans/{run.run_id}/pages.json") == []
    told = run.told("failure")
    assert told.subject.startswith("Volume clean-up ended early (LimitsExceeded)")
    assert "the limit is 1; " in told.message


def test_the_clock_runs_from_the_last_use_and_not_from_creation(cleanup: VolumeCleanup) -> None:
    ancient, [detached], [known] = cleanup.make(), cleanup.old(), cleanup.old()
    cleanup.attach(detached)
    cleanup.detach(detached)
    cleanup.detached(5, [detached])
    hook(cleanup.engine, "ec2/resources", ids=ancient, since="2020-01-01T00:00:00Z")
    run = cleanup.run()
    assert run.outcome(ancient[0]) == ("NOT_PLANNED", "unattached for 0 of 14 days")
    assert run.outcome(detached) == ("NOT_PLANNED", "unattached for 5 of 14 days")
    assert run.outcome(known)[0] == "DONE MARK"


def test_what_is_attached_again_is_unmarked_and_its_clock_begins_anew(cleanup: VolumeCleanup) -> None:
    [volume_id] = cleanup.due()
    cleanup.attach(volume_id)
    assert cleanup.run().outcome(volume_id) == ("DONE UNMARK", "attached again")
    assert not set(MARK) & set(cleanup.tags(volume_id))
    cleanup.detach(volume_id)
    assert cleanup.run().outcome(volume_id) == ("NOT_PLANNED", "unattached for 0 of 14 days")


def test_without_a_completed_snapshot_a_volume_stays(cleanup: VolumeCleanup) -> None:
    good, failing, endless, refused = cleanup.due(4)
    cleanup.change([failing], snapshots="error")
    cleanup.change([endless], snapshots="pending")
    cleanup.arm("ec2:CreateSnapshot", "SnapshotLimitExceeded", VolumeId=refused)
    with cleanup.settings.changed(looks=3):
        run = cleanup.run()
    assert (run.status, run.error) == ("FAILED", "ItemsFailed")
    expected = {
        good: ("DONE DELETE", "unattached since"),
        failing: ("FAILED DELETE", "is in state error"),
        endless: ("SKIPPED DELETE", "is not completed yet"),
        refused: ("FAILED DELETE", "SnapshotLimitExceeded"),
    }
    for volume_id, (outcome, reason) in expected.items():
        assert run.outcome(volume_id)[0] == outcome
        assert reason in run.outcome(volume_id)[1]
    assert set(cleanup.volumes()) == {failing, endless, refused}
    assert "1 deleted, 2 failed" in run.told("failure").subject


def test_a_volume_attached_while_its_snapshot_is_made_stays_though_it_is_free_again(cleanup: VolumeCleanup) -> None:
    [volume_id] = cleanup.due()
    cleanup.change([volume_id], snapshots="pending")
    execution = cleanup.start()
    run_id = execution.rsplit(":", 1)[1]
    wait(lambda: cleanup.snapshots(**{"cleanup-run": run_id}))
    cleanup.attach(volume_id)
    wait(lambda: cleanup.row(run_id, volume_id))
    cleanup.detach(volume_id)
    cleanup.change([each["SnapshotId"] for each in cleanup.snapshots(**{"cleanup-run": run_id})], state="completed")
    run = cleanup.finished(execution)
    assert run.outcome(volume_id) == ("SKIPPED DELETE", "attached while its snapshot was made")
    assert cleanup.tags(volume_id)


def test_a_second_run_at_the_same_time_does_nothing(cleanup: VolumeCleanup) -> None:
    [volume_id] = cleanup.due()
    cleanup.change([volume_id], snapshots="pending")
    with cleanup.settings.changed(looks=5):
        first = cleanup.start()
        cleanup.wait_for_event(first, "MapRunStarted")
        second = cleanup.run()
    assert (second.status, second.error) == ("FAILED", "AnotherRun")
    assert first in second.execution["cause"]
    assert "Nothing was planned" in second.told("failure").message
    run = cleanup.finished(first)
    assert run.status == "SUCCEEDED"
    assert len(run.snapshots) == 1
    assert run.outcome(volume_id)[0] == "SKIPPED DELETE"


def test_a_run_that_was_stopped_goes_on_where_it_was_when_it_is_redriven(cleanup: VolumeCleanup) -> None:
    volume_ids = cleanup.due(2)
    cleanup.change(volume_ids[1:], snapshots="pending")
    execution = cleanup.start()
    run_id = execution.rsplit(":", 1)[1]
    wait(lambda: len(cleanup.snapshots(**{"cleanup-run": run_id})) == 2)
    cleanup.states.stop_execution(executionArn=execution)
    runs = cleanup.states.list_map_runs(executionArn=execution)["mapRuns"]
    wait(lambda: cleanup.states.describe_map_run(mapRunArn=runs[0]["mapRunArn"])["status"] == "ABORTED")
    assert set(volume_ids) <= set(cleanup.volumes())
    cleanup.change([each["SnapshotId"] for each in cleanup.snapshots(**{"cleanup-run": run_id})], state="completed")
    cleanup.states.redrive_execution(executionArn=execution)
    run = cleanup.finished(execution)
    assert run.status == "SUCCEEDED"
    assert {outcome for outcome, _ in run.outcomes(volume_ids).values()} == {"DONE DELETE"}
    assert Counter(each["VolumeId"] for each in run.snapshots) == Counter(volume_ids)


def test_requests_keep_to_ec2_s_rate(cleanup: VolumeCleanup, engine: Engine) -> None:
    cleanup.due(2 * PAGE)
    rates = {name: {"burst": 20, "per_second": 60} for name in ("CreateSnapshot", "DeleteVolume")}
    # What is on its way a little longer arrives together with what follows.
    hook(engine, "ec2/rates", **{name: rate | {"burst": 26} for name, rate in rates.items()})
    with cleanup.settings.changed(rates=rates):
        run = cleanup.run()
    assert run.report["counts"]["DONE DELETE"] == 2 * PAGE
    assert hook(engine, "ec2/rates") == {}, "none was refused"


def test_a_deleted_volume_is_restored_from_its_snapshot(
    cleanup: VolumeCleanup, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = {"Size": 30, "Iops": 4000, "Throughput": 250, "Encrypted": True}
    [gone] = cleanup.due(1, asked, owner="ada")
    before = cleanup.volumes()[gone]
    assert cleanup.run().outcome(gone)[0] == "DONE DELETE"
    monkeypatch.setattr(restore_volume, "load", lambda _: cleanup.deployment)
    monkeypatch.setattr(sys, "argv", ["restore_volume", gone, "--yes"])
    assert restore_volume.main() == 0
    restored = cleanup.volumes()[capsys.readouterr().out.partition(":")[0]]
    same = ("Size", "VolumeType", "Iops", "Throughput", "Encrypted", "KmsKeyId", "AvailabilityZone")
    assert {key: restored[key] for key in same} == {key: before[key] for key in same}
    tags = tags_of(restored)
    assert tags.pop("restored-from") == restored["SnapshotId"]
    assert tags == {key: text for key, text in tags_of(before).items() if key not in MARK}


def test_the_schedule_starts_a_run(cleanup: VolumeCleanup) -> None:
    before, name = cleanup.executions(), cleanup.outputs["schedule"]
    hook(cleanup.engine, "schedules", name=name, group=name)
    wait(lambda: cleanup.executions() - before)
    [execution] = cleanup.executions() - before
    assert cleanup.finished(execution).status == "SUCCEEDED"


def test_the_demo_s_story(cleanup: VolumeCleanup) -> None:
    console = Console(file=io.StringIO(), width=200)
    story.tell(cleanup.deployment, console)
    assert isinstance(console.file, io.StringIO)
    told = console.file.getvalue()
    for line in ("12 DONE MARK", "ada: 5 of your volumes will be deleted", "10 DONE DELETE", "1 DONE UNMARK"):
        assert line in told
    assert "1,994 GiB, 133.42 USD a month saved" in told
    assert "200 GiB of gp3" in told, "the restored one"
    kept = {"story": "volume_cleanup"}
    assert not cleanup.listed("volumes", kept)
    snapshots = [each["SnapshotId"] for each in cleanup.snapshots(**kept)]
    assert len(snapshots) == 10
    cleanup.forget(*snapshots)
