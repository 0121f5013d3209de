"""The backups end to end: made at one moment, kept by generation, copied, promised, limited, restored once a month."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from snapshot_backup.domain.retention import reasons_to_keep
from snapshot_backup.domain.rules import Policy
from snapshot_backup.domain.snapshots import KEEP_UNTIL, Snapshot, newest
from snapshot_backup.domain.tags import tags_of
from tests.e2e.snapshot_backup import ATTEMPTS, Backups, wait
from tests.engine.hooks import hours_lasting

STANDARD = Policy("standard", daily=7, weekly=4, monthly=12, rpo_hours=26)
ONE_DAY = {"standard": {"daily": 1, "weekly": 0, "monthly": 0, "rpo_hours": 26}}
BERLIN = ZoneInfo("Europe/Berlin")


def days_ago(*days: float) -> list[datetime]:
    return [datetime.now(UTC) - timedelta(days=each) for each in days]


def test_an_instance_s_volumes_are_snapshotted_at_one_moment(backups: Backups) -> None:
    host, attached = backups.host(backup="standard")
    own, opted_out, alone = (backups.volume(backup=policy) for policy in ("standard", "none", "standard"))
    backups.attach(own, host, "/dev/sdh")
    backups.attach(opted_out, host, "/dev/sdi")
    unpromised = backups.volume()
    run = backups.run()
    assert run.status == "SUCCEEDED", run.execution
    assert run.outcomes("SNAPSHOT") == {host: "DONE", alone: "DONE"}
    made = {each.volume_id: each for each in backups.seen()}
    assert set(made) == {*attached, own, alone}
    assert unpromised not in made
    assert all(each.good for each in made.values())
    assert {made[each].tags["backup-of"] for each in (*attached, own)} == {host}
    assert {each.policy for each in made.values()} == {"standard"}
    assert backups.calls_about(host).count("CreateSnapshots") == 1, "one call is one moment"
    assert "CreateSnapshot" not in backups.calls_about(own)
    assert "CreateSnapshot" in backups.calls_about(alone)


def test_a_slot_that_is_delivered_again_and_again_is_filled_once(backups: Backups) -> None:
    volume, slot = backups.volume(backup="standard"), backups.slot()
    backups.change([volume], snapshots="pending")
    first = backups.delivered("backup", slot)
    wait(lambda: backups.of(volume))
    second = backups.ended(backups.delivered("backup", slot))
    assert (second.status, second.states[-1]) == ("SUCCEEDED", "AnotherRunIsAtWork")
    assert backups.is_running(first)
    backups.change(backups.of(volume), state="completed")
    assert backups.ended(first).states[-1] == "RunSucceeded"
    third = backups.ended(backups.delivered("backup", slot), slot)
    assert third.states[-1] == "RunSucceeded"
    assert third.outcomes("SNAPSHOT") == {volume: "DONE"}
    [made] = backups.of(volume)
    assert list(backups.copies().values()) == [made]


def test_exactly_what_no_generation_needs_goes(backups: Backups) -> None:
    chance = random.Random(5)  # noqa: S311 - a history, not a secret
    nightly, patchy, stopped, gone = (backups.volume(backup="standard") for _ in range(4))
    backups.nights(nightly, days_ago(*range(1, 45)))
    backups.nights(patchy, days_ago(*(chance.uniform(0.1, 450) for _ in range(60))))
    backups.nights(stopped, days_ago(*range(200, 212)))
    [last] = backups.nights(gone, days_ago(900))
    backups.ec2.delete_volume(VolumeId=gone)
    backups.ec2.delete_tags(Resources=[stopped], Tags=[{"Key": "backup"}])
    [failed], [unfinished] = (backups.nights(nightly, days_ago(20.5), state) for state in ("error", "pending"))
    [kept] = backups.nights(nightly, days_ago(40.5))
    backups.ec2.create_tags(Resources=[kept], Tags=[{"Key": KEEP_UNTIL, "Value": "forever"}])
    marks = backups.seen()[0].tags
    by_people = backups.snapshot_by_people(nightly, days_ago(50)[0], {})
    with_our_tags = backups.snapshot_by_people(nightly, days_ago(60)[0], marks)
    with backups.settings.changed(copy_region=""):
        for _ in range(2):
            before = backups.seen()
            run = backups.run()
            assert run.status == "SUCCEEDED", run.execution
            everything = {each.snapshot_id: each for each in [*before, *backups.seen()]}
            left = {each.snapshot_id for each in backups.seen()}
            assert left == staying(everything.values(), {kept})
            assert {last, failed, unfinished, kept, with_our_tags} <= left
            assert set(run.outcomes("DELETE")) == set(everything) - left
            assert all(newest(history) for history in by_volume(backups.seen()).values())
            assert backups.ec2.describe_snapshots(SnapshotIds=[by_people])["Snapshots"]
            backups.pass_days()


def by_volume(snapshots: Iterable[Snapshot]) -> dict[str, list[Snapshot]]:
    ordered = sorted(snapshots, key=lambda each: each.volume_id)
    return {volume: list(group) for volume, group in groupby(ordered, key=lambda each: each.volume_id)}


def staying(snapshots: Iterable[Snapshot], protected: set[str]) -> set[str]:
    """Return the snapshots for which the pure rule, or a tag, has a reason to stay."""
    histories = by_volume(snapshots).values()
    reasons = [reasons_to_keep(history, STANDARD, BERLIN) for history in histories]
    return protected | {snapshot_id for each in reasons for snapshot_id, why in each.items() if why}


def test_volumes_that_changed_since_the_plan_are_accounted_for(backups: Backups) -> None:
    host, attached = backups.host()
    gone, broken, moved, same = (backups.volume(backup="standard") for _ in range(4))
    slot = backups.slot()
    backups.fails("create_snapshots", ATTEMPTS)
    assert backups.run(slot).status == "FAILED"
    assert backups.mine() == []
    backups.ec2.delete_volume(VolumeId=gone)
    backups.change([broken], state="error")
    backups.attach(moved, host)
    again = backups.run(slot)
    assert again.status == "SUCCEEDED", again.execution
    assert again.outcomes("SNAPSHOT") == {gone: "SKIPPED", broken: "SKIPPED", moved: "DONE", same: "DONE"}
    assert again.reason(gone, "SNAPSHOT") == "vanished"
    assert {each.volume_id for each in backups.seen()} == {moved, same}
    assert attached


def test_snapshots_that_changed_since_the_plan_are_left_alone(backups: Backups) -> None:
    volumes = [backups.volume(backup="standard") for _ in range(5)]
    protected, vanished, in_use, last_gone, same = (backups.nights(each, days_ago(3, 2)) for each in volumes)
    slot = backups.slot()
    with backups.settings.changed(policies=ONE_DAY, copy_region=""):
        backups.fails("delete_snapshots", ATTEMPTS)
        assert backups.run(slot).status == "FAILED"
    assert len(backups.mine()) == 5 * 3, "nothing went, and each has a new one"
    backups.ec2.create_tags(Resources=protected, Tags=[{"Key": KEEP_UNTIL, "Value": "forever"}])
    backups.ec2.delete_snapshot(SnapshotId=vanished[0])
    backups.image_of(in_use[0])
    backups.ec2.delete_snapshot(SnapshotId=backups.of(volumes[3])[-1])
    again = backups.run(slot)
    assert again.status == "SUCCEEDED", again.execution
    skipped = {*protected, vanished[0], in_use[0], *last_gone}
    done = {vanished[1], in_use[1], *same}
    assert again.outcomes("DELETE") == dict.fromkeys(skipped, "SKIPPED") | dict.fromkeys(done, "DONE")
    assert "no longer good" in again.reason(last_gone[0], "DELETE")
    assert "InvalidSnapshot.InUse" in again.reason(in_use[0], "DELETE")
    assert {each["SnapshotId"] for each in backups.mine()} >= {*protected, in_use[0], *last_gone}
    assert not {each["SnapshotId"] for each in backups.mine()} & done


def test_over_a_limit_nothing_is_copied_or_deleted(backups: Backups) -> None:
    volume = backups.volume(backup="standard")
    backups.nights(volume, days_ago(4, 3, 2))
    backups.run()
    old, copies = backups.of(volume), backups.copies()
    assert set(copies.values()) == set(old)
    few = {"max_count": 3, "max_gib": 100, "max_percent": 100}
    with backups.settings.changed(policies=ONE_DAY):
        with backups.settings.changed(limits=few), backups.alarming("failed"):
            run = backups.run()
        assert (run.status, run.error) == ("FAILED", "LimitsExceeded")
        assert "4 resources, the limit is 3" in run.execution["cause"]
        assert "the limit is 3" in run.told(run.slot, "LIMITS_EXCEEDED").message
        assert backups.of(volume)[:-1] == old, "a backup is made all the same, and nothing went"
        assert backups.copies() == copies
        assert backups.run().status == "SUCCEEDED"
    assert not set(backups.of(volume)) & set(old)


def test_a_dry_run_touches_nothing(backups: Backups) -> None:
    volume = backups.volume(backup="standard")
    old = backups.nights(volume, days_ago(4, 3, 2))
    with backups.settings.changed(dry_run=True, policies=ONE_DAY, copy_region=""):
        run, drill = backups.run(), backups.drill()
    assert run.status == "SUCCEEDED", run.execution
    assert run.report["counts"] == {"WOULD_DELETE": 2, "WOULD_SNAPSHOT": 1, "NOT_PLANNED": 1, "PROMISE_BROKEN": 1}
    assert "nothing was touched" in run.told(run.slot, "SUCCEEDED").message
    assert drill.states[-3:] == ["NotifyDrill", "IsDrillPassed", "DrillPassed"]
    assert old[-1] in drill.told("Restore drill: dry run", "DRILL_PASSED").message
    assert backups.of(volume) == old
    assert not backups.copies()
    assert "CreateVolume" not in backups.calls_about(old[-1])


def test_copies_are_made_once_and_outlive_their_sources_by_a_night(backups: Backups) -> None:
    volume = backups.volume(backup="standard", team="blue")
    nights = []
    with backups.settings.changed(policies=ONE_DAY):
        for _ in range(3):
            backups.pass_days()
            run = backups.run()
            assert run.status == "SUCCEEDED", run.execution
            nights.append(backups.of(volume)[-1])
            assert run.outcomes("COPY") == {nights[-1]: "DONE"}
            wait(lambda: {each["State"] for each in backups.mine(backups.far)} == {"completed"})
    assert backups.of(volume) == nights[2:]
    assert sorted(backups.copies().values()) == sorted(nights[1:])
    for copy in backups.mine(backups.far):
        assert copy["Encrypted"]
        assert tags_of(copy)["team"] == "blue"
        assert tags_of(copy)["backup-volume"] == volume


def test_a_source_waits_for_a_copy_that_failed(backups: Backups) -> None:
    volume = backups.volume(backup="standard")
    with backups.settings.changed(policies=ONE_DAY):
        with backups.settings.changed(copy_region=""):
            backups.run()
        [first] = backups.of(volume)
        backups.change([first], snapshots="error")
        for _ in range(2):
            backups.pass_days()
            assert backups.run().status == "SUCCEEDED"
            wait(lambda: "pending" not in {each["State"] for each in backups.mine(backups.far)})
    assert backups.of(volume)[0] == first
    assert list(backups.copies().values()).count(first) == 2


def test_a_second_region_that_is_full_is_waited_for(backups: Backups) -> None:
    volume, slot = backups.volume(backup="standard"), backups.slot()
    backups.arm("ec2:CopySnapshot", "ResourceLimitExceeded")
    execution = backups.start(slot)
    backups.cut_off(execution, "WaitForRoom")
    run = backups.ended(execution, slot)
    assert run.status == "SUCCEEDED", run.execution
    assert list(backups.copies().values()) == backups.of(volume)


def test_a_broken_promise_is_measured_and_told_until_it_is_kept(backups: Backups) -> None:
    volume = backups.volume(backup="standard")
    assert "broken promises: 0" in backups.run().told("Backup of", "SUCCEEDED").subject
    [good] = backups.of(volume)
    backups.pass_days(2)
    backups.change([volume], snapshots="error")
    with backups.settings.changed(policies=ONE_DAY), backups.alarming("promises-broken"):
        run = backups.run()
    assert "broken promises: 1" in run.told(run.slot, "SUCCEEDED").subject
    [broken] = [each for each in run.report["entries"] if each["outcome"] == "PROMISE_BROKEN"]
    assert broken["resource_id"] == volume
    assert "the last good snapshot is 48.0 hours old, 26 are promised" in broken["reason"]
    assert backups.of(volume)[0] == good, "the last good one stays, whatever came after it"
    backups.change([volume], snapshots="completed")
    mended = backups.run()
    assert "broken promises: 0" in mended.told(mended.slot, "SUCCEEDED").subject
    wait(lambda: backups.alarm("promises-broken") == "OK")


def test_silence_is_told_when_it_lasts(backups: Backups) -> None:
    assert backups.run().status == "SUCCEEDED"
    with hours_lasting(backups.engine, 1):
        wait(lambda: backups.alarm("nobody-looked") == "OK")
    with hours_lasting(backups.engine, 0.03):
        wait(lambda: backups.alarm("nobody-looked") == "ALARM")


def test_the_drill_makes_a_volume_checks_it_and_removes_it(backups: Backups) -> None:
    volume = backups.volume(size=3, backup="standard")
    backups.run()
    [snapshot] = backups.of(volume)
    left = backups.volume(purpose="restore-drill")
    backups.ec2.create_tags(Resources=[left], Tags=[{"Key": "backup-by", "Value": backups.workflow}])
    backups.change([left], since=datetime.now(UTC) - timedelta(days=30))
    backups.change([snapshot], volumes="creating")
    execution = backups.delivered("drill", "2026-12-14T09:00:00Z")
    wait(lambda: "WaitForRestore" in backups.entered(execution))
    [restored] = set(backups.volumes_of_drills()) - {left}
    [found] = backups.ec2.describe_volumes(VolumeIds=[restored])["Volumes"]
    assert (found["SnapshotId"], found["Size"], found["Encrypted"]) == (snapshot, 3, True)
    backups.change([restored], state="available")
    drill = backups.ended(execution)
    assert drill.status == "SUCCEEDED", drill.execution
    assert snapshot in drill.told(f"Restore drill passed: {volume}", "DRILL_PASSED").message
    assert backups.volumes_of_drills() == []


def test_a_drill_that_fails_tells_and_fails(backups: Backups) -> None:
    volume = backups.volume(backup="standard")
    backups.run()
    backups.change(backups.of(volume), volumes="error")
    with backups.alarming("drill-failed"):
        drill = backups.drill()
    assert (drill.status, drill.error) == ("FAILED", "RestoreFailed")
    told = drill.told(f"Restore drill failed: {volume}", "DRILL_FAILED")
    assert "the volume's state is error" in told.message
    assert backups.volumes_of_drills() == []


def test_a_drill_without_any_backup_fails(backups: Backups) -> None:
    drill = backups.drill()
    assert (drill.status, drill.states[0], drill.states[-1]) == ("FAILED", "IsDrill", "DrillFailed")
    assert "NothingToRestore" in drill.told("Restore drill failed: nothing was restored", "DRILL_FAILED").message


def test_a_drill_whose_volume_cannot_be_removed_says_which(backups: Backups) -> None:
    backups.volume(backup="standard")
    backups.run()
    backups.arm("ec2:DeleteVolume", "IncorrectState")
    drill = backups.drill()
    assert drill.status == "FAILED"
    [left] = backups.volumes_of_drills()
    assert f"{left} could not be removed" in drill.told("Restore drill failed", "DRILL_FAILED").message
