"""The volume clean-up under trouble: tried again, accounted for, told; what is not done is left for the next run."""

import pytest

from scripts.local_engine import Engine
from tests.e2e.conftest import MINUTES_SCALE, waits_scaled
from tests.e2e.volume_cleanup import VolumeCleanup

ATTEMPTS = 5  # of a step: the first, and four more
PAGE_ATTEMPTS = 9  # of a page's step
TELLINGS = 4
NOTHING = {"max_count": 0, "max_gib": 0, "max_percent": 0}
AT_ONCE = 0.00001


def test_every_step_is_tried_again(cleanup: VolumeCleanup) -> None:
    [due], [old] = cleanup.due(), cleanup.old(owner="ada")
    steps = ("plan_cleanup", "mark_volumes", "snapshot_volumes", "check_snapshots", "delete_volumes")
    for step in (*steps, "notify_owners", "report_cleanup"):
        cleanup.fail(step)
    cleanup.fail_telling()
    run = cleanup.run()
    assert run.status == "SUCCEEDED"
    assert (run.outcome(due)[0], run.outcome(old)[0]) == ("DONE DELETE", "DONE MARK")
    assert run.told("warning", "ada")
    assert run.told()


@pytest.mark.parametrize("step", ["mark_volumes", "snapshot_volumes", "check_snapshots", "delete_volumes"])
def test_a_page_that_fails_is_accounted_for_and_the_next_run_does_it(cleanup: VolumeCleanup, step: str) -> None:
    [due] = cleanup.due()
    cleanup.fail(step, PAGE_ATTEMPTS)
    run = cleanup.run()
    assert (run.status, run.error) == ("FAILED", "ItemsFailed")
    assert run.outcome(due) == ("PLANNED DELETE", "the run did not come to it")
    assert "1 unfinished" in run.told("failure").subject
    assert due in cleanup.volumes()
    again = cleanup.run()
    assert again.outcome(due)[0] == "DONE DELETE"
    assert [each["VolumeId"] for each in again.snapshots] == [due]


@pytest.mark.parametrize(("step", "fate"), [("", "old"), ("/snapshots", "due"), ("", "due")])
def test_a_page_that_does_not_come_to_an_end_is_left_to_the_next_run(
    cleanup: VolumeCleanup, engine: Engine, step: str, fate: str
) -> None:
    [volume_id] = getattr(cleanup, fate)()
    run_id = f"unfinished-{fate}-{step[1:]}"
    cleanup.hold(run_id + step, volume_id)
    with waits_scaled(engine, AT_ONCE, then=MINUTES_SCALE):
        run = cleanup.run(run_id)
    assert (run.status, run.error) == ("FAILED", "ItemsFailed")
    assert run.report["unfinished"] == 1
    [page] = run.pages
    assert page[-1]["executionFailedEventDetails"]["error"] == "PageUnfinished"
    assert volume_id in cleanup.volumes()


def test_a_run_that_cannot_be_planned_tells_so(cleanup: VolumeCleanup) -> None:
    cleanup.fail("plan_cleanup", ATTEMPTS)
    run = cleanup.run()
    assert (run.status, run.error) == ("FAILED", "Lambda.ServiceException")
    assert "Nothing was planned" in run.told("failure").message


def test_a_plan_that_the_machine_cannot_read_is_accounted_for(cleanup: VolumeCleanup) -> None:
    [due] = cleanup.due()
    with cleanup.hidden_plans():
        run = cleanup.run()
    assert (run.status, run.error) == ("FAILED", "States.ItemReaderFailed")
    assert run.outcome(due)[0] == "PLANNED DELETE"
    assert run.told("failure").subject.startswith("Volume clean-up ended early (States.ItemReaderFailed)")


def test_owners_who_cannot_be_told_fail_the_run_after_all_was_done(cleanup: VolumeCleanup, engine: Engine) -> None:
    [due], [old] = cleanup.due(), cleanup.old(owner="bert")
    cleanup.fail("notify_owners", ATTEMPTS)
    run = cleanup.run()
    assert (run.status, run.error) == ("FAILED", "Lambda.ServiceException")
    assert (run.outcome(due)[0], run.outcome(old)[0]) == ("DONE DELETE", "DONE MARK")
    cleanup.old(owner="cleo")
    cleanup.hold("silent/owners", "cleo")
    with waits_scaled(engine, AT_ONCE, then=MINUTES_SCALE):
        silent = cleanup.run("silent")
    assert (silent.status, silent.error) == ("FAILED", "OwnersNotNotified")
    assert silent.report["counts"]["DONE MARK"] == 1


def test_without_a_report_the_failure_is_told_all_the_same(cleanup: VolumeCleanup) -> None:
    [due] = cleanup.due()
    cleanup.fail("report_cleanup", ATTEMPTS)
    run = cleanup.run()
    assert (run.status, run.error) == ("FAILED", "Lambda.ServiceException")
    assert "There is no report" in run.told("failure").message
    assert due not in cleanup.volumes()


@pytest.mark.parametrize(("times", "says"), [(1, "the limit is 0"), (ATTEMPTS, "There is no report")])
def test_the_report_of_a_run_that_ended_early_is_tried_again(cleanup: VolumeCleanup, times: int, says: str) -> None:
    cleanup.due()
    cleanup.fail("report_cleanup", times)
    with cleanup.settings.changed(limits=NOTHING):
        run = cleanup.run()
    assert run.status == "FAILED"
    assert says in run.told("failure").message


def test_a_run_that_nobody_is_told_of_fails(cleanup: VolumeCleanup) -> None:
    [due] = cleanup.due()
    cleanup.fail_telling(TELLINGS)
    run = cleanup.run()
    assert (run.status, run.error) == ("FAILED", "SNS.InternalErrorException")
    assert run.states[-2:] == ["TellOperators", "RunFailed"]
    assert run.outcome(due)[0] == "DONE DELETE"


def test_a_failure_is_told_if_that_is_possible_at_all(cleanup: VolumeCleanup) -> None:
    cleanup.due()
    with cleanup.settings.changed(limits=NOTHING):
        cleanup.fail_telling()
        assert cleanup.run().told("failure")
        cleanup.fail_telling(TELLINGS)
        silent = cleanup.run()
    assert (silent.status, silent.error) == ("FAILED", "LimitsExceeded")
    assert cleanup.inbox.wait_for(silent.run_id, 1) is None
