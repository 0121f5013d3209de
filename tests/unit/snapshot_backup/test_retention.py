"""Random histories: the last good snapshot never goes, nothing foreign or incomplete goes, and all is explained."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshot_backup.domain.errors import BadSettings
from snapshot_backup.domain.keeping import Decision, Stock
from snapshot_backup.domain.retention import reasons_to_keep
from snapshot_backup.domain.rules import Policy, Rules
from snapshot_backup.domain.snapshots import COPY_OF, POLICY_TAG, Snapshot, newest

HOME, AWAY = "us-east-1", "eu-west-1"
BERLIN = ZoneInfo("Europe/Berlin")
GFS = Policy("gfs", daily=7, weekly=4, monthly=12, rpo_hours=26)

numbers = st.integers(0, 5)
policies = st.builds(Policy, st.just("gfs"), numbers, numbers, numbers, st.just(26))
moments = st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
states = st.sampled_from(["completed", "completed", "completed", "pending", "error", "recoverable", "recovering"])


@st.composite
def stocks(draw: st.DrawFn) -> Stock:
    """Snapshots of several volumes, own and foreign, in all states, some of them copied, under any policy."""
    snapshots = []
    for number in range(draw(st.integers(0, 14))):
        volume = draw(st.sampled_from(["vol-1", "vol-2"]))
        tags = {POLICY_TAG: draw(st.sampled_from(["gfs", "gone"]))}
        each = Snapshot(f"snap-{number}", volume, draw(moments), draw(states), 8, HOME, draw(st.booleans()), tags)
        snapshots.append(each)
        if draw(st.booleans()):
            copy = {"snapshot_id": f"copy-{number}", "region": AWAY, "tags": tags | {COPY_OF: each.snapshot_id}}
            snapshots.append(replace(each, **copy, state=draw(states)))
        if draw(st.booleans()):
            snapshots.remove(each)
    rules = Rules({"gfs": draw(policies)}, draw(st.sampled_from([UTC, BERLIN])), draw(st.sampled_from(["", AWAY])))
    today = draw(st.dictionaries(st.sampled_from(["vol-1", "vol-2"]), st.sampled_from(["gfs", "unknown"])))
    ids = [each.snapshot_id for each in snapshots]
    protected = draw(st.dictionaries(st.sampled_from(ids), st.just("kept for ever"))) if ids else {}
    return Stock(draw(st.permutations(snapshots)), rules, today, protected)


def going(stock: Stock) -> list[Decision]:
    return [decision for decision in stock.decisions() if decision.action == "DELETE"]


@given(stocks())
def test_every_snapshot_is_decided_about_once_and_with_a_reason(stock: Stock) -> None:
    decisions = list(stock.decisions())
    assert sorted(each.snapshot.snapshot_id for each in decisions) == sorted(
        each.snapshot_id for each in stock.snapshots
    )
    assert all(decision.reason for decision in decisions)


@given(stocks())
def test_the_last_good_snapshot_of_a_volume_never_goes(stock: Stock) -> None:
    gone = {decision.snapshot.snapshot_id for decision in going(stock)}
    for region in (HOME, AWAY):
        for volume in ("vol-1", "vol-2"):
            history = [each for each in stock.snapshots if (each.region, each.volume_id) == (region, volume)]
            last = newest(history)
            assert last is None or last.snapshot_id not in gone
            assert newest([each for each in history if each.snapshot_id not in gone]) == last


@given(stocks())
def test_nothing_foreign_incomplete_or_protected_goes(stock: Stock) -> None:
    for decision in going(stock):
        assert decision.snapshot.own
        assert decision.snapshot.state == "completed"
        assert decision.snapshot.snapshot_id not in stock.protected


@given(stocks())
def test_what_goes_leans_on_something_good_that_stays(stock: Stock) -> None:
    gone = {decision.snapshot.snapshot_id for decision in going(stock)}
    for decision in going(stock):
        assert decision.leans_on
        for pillar in decision.leans_on:
            assert pillar.good
            assert pillar.volume_id == decision.snapshot.volume_id
            assert pillar.snapshot_id not in gone


@given(stocks())
def test_a_second_run_deletes_no_more_than_copies_whose_source_went_in_the_first(stock: Stock) -> None:
    gone = {decision.snapshot.snapshot_id for decision in going(stock)}
    left = replace(stock, snapshots=[each for each in stock.snapshots if each.snapshot_id not in gone])
    assert all(decision.snapshot.copy_of in gone for decision in going(left))


@given(st.lists(moments, max_size=40), policies, st.sampled_from([UTC, BERLIN]))
def test_running_the_retention_twice_changes_nothing(times: list[datetime], policy: Policy, zone: ZoneInfo) -> None:
    history = [own(moment, f"snap-{number}") for number, moment in enumerate(times)]
    reasons = reasons_to_keep(history, policy, zone)
    kept = [each for each in history if reasons[each.snapshot_id]]
    again = reasons_to_keep(kept, policy, zone)
    assert again == {each.snapshot_id: reasons[each.snapshot_id] for each in kept}
    assert len(kept) <= policy.daily + policy.weekly + policy.monthly + 1


@given(stocks())
def test_a_source_never_goes_before_its_copy_is_completed(stock: Stock) -> None:
    completed = {each.copy_of for each in stock.snapshots if each.copy_of and each.good}
    if stock.rules.copy_region:
        for decision in going(stock):
            assert decision.snapshot.copy_of or decision.snapshot.snapshot_id in completed


@given(stocks())
def test_a_copy_never_goes_before_its_source_and_so_is_made_once(stock: Stock) -> None:
    ids = {each.snapshot_id for each in stock.snapshots}
    copied = {each.copy_of for each in stock.snapshots if each.own and each.copy_of and each.state != "error"}
    assert all(decision.snapshot.copy_of not in ids for decision in going(stock))
    for decision in stock.decisions():
        if decision.action == "COPY":
            assert decision.snapshot.good
            assert not decision.snapshot.copy_of
            assert decision.snapshot.snapshot_id not in copied


nights = st.tuples(st.integers(0, 72), st.sampled_from(["completed", "completed", "pending", "error"]), policies)


@given(st.lists(nights, max_size=30), st.booleans())
def test_over_any_course_of_nights_the_newest_good_snapshots_stay(
    course: list[tuple[int, str, Policy]], copying: bool
) -> None:
    shelf: list[Snapshot] = []
    moment, last_good = datetime(2026, 3, 27, tzinfo=UTC), ""
    for number, (hours, state, policy) in enumerate(course):
        moment += timedelta(hours=hours)
        shelf.append(replace(own(moment, f"snap-{number:02}"), state=state, tags={POLICY_TAG: "gfs"}))
        last_good = shelf[-1].snapshot_id if state == "completed" else last_good
        rules = Rules({"gfs": policy}, BERLIN, AWAY if copying else "")
        for decision in list(Stock(shelf, rules, {"vol-1": "gfs"}, {}).decisions()):
            if decision.action == "DELETE":
                shelf.remove(decision.snapshot)
            elif decision.action == "COPY":
                tags = {POLICY_TAG: "gfs", COPY_OF: decision.snapshot.snapshot_id}
                name = f"copy-{decision.snapshot.snapshot_id}"
                assert all(each.snapshot_id != name for each in shelf)
                shelf.append(replace(decision.snapshot, snapshot_id=name, region=AWAY, tags=tags))
        for region in (HOME, AWAY) if copying else (HOME,):
            found = newest([each for each in shelf if each.region == region])
            assert (found.snapshot_id.removeprefix("copy-") if found else "") == last_good


def own(moment: datetime, name: str = "") -> Snapshot:
    return Snapshot(name or f"snap-{moment:%Y%m%dT%H%M}", "vol-1", moment, "completed", 8, HOME, own=True, tags={})


def test_two_years_of_nights_leave_days_weeks_and_months_each_explained() -> None:
    history: list[Snapshot] = []
    for night in range(730):
        history.append(own(datetime(2024, 11, 24, 3, tzinfo=UTC) + timedelta(days=night)))
        reasons = reasons_to_keep(history, GFS, UTC)
        history = [each for each in history if reasons[each.snapshot_id]]
    explained = [why for each in reversed(history) for why in reasons[each.snapshot_id]]
    assert [why for why in explained if why.startswith("daily")] == [f"daily 2026-11-{23 - day}" for day in range(7)]
    assert [why for why in explained if why.startswith("weekly")] == [f"weekly 2026-W{48 - week}" for week in range(4)]
    months = [*(f"2026-{month:02}" for month in range(11, 0, -1)), "2025-12"]
    assert [why for why in explained if why.startswith("monthly")] == [f"monthly {month}" for month in months]
    assert explained[0] == "the last good one"
    assert len(history) == 20


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_every_local_day_keeps_its_snapshot_when_clocks_change(hour: int) -> None:
    nights = [datetime(2026, 3, 20, hour, 30, tzinfo=BERLIN) + timedelta(days=day) for day in range(7)]
    nights += [datetime(2026, 10, 20, hour, 30, tzinfo=BERLIN) + timedelta(days=day) for day in range(7)]
    history = [own(night.astimezone(UTC)) for night in nights]
    reasons = reasons_to_keep(history, replace(GFS, daily=14, weekly=0, monthly=0), BERLIN)
    assert all(any(why.startswith("daily") for why in found) for found in reasons.values())


def test_the_hour_that_is_there_twice_is_one_day() -> None:
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))  # both are 02:30 in Berlin
    reasons = reasons_to_keep([own(first), own(second)], GFS, BERLIN)
    assert reasons == {
        "snap-20261025T0030": [],
        "snap-20261025T0130": ["the last good one", "daily 2026-10-25", "weekly 2026-W43", "monthly 2026-10"],
    }


def test_time_that_passes_without_backups_deletes_nothing() -> None:
    history = [own(datetime(2020, 1, day, tzinfo=UTC)) for day in range(1, 8)]
    assert all(reasons_to_keep(history, GFS, UTC).values())


@pytest.mark.parametrize(
    "policy",
    [{}, {"daily": 7}, {"rpo_hours": 26}, {"daily": -1, "rpo_hours": 26}, {"daily": "7", "rpo_hours": 26}],
)
def test_a_policy_that_promises_nothing_is_refused(policy: dict[str, int]) -> None:
    with pytest.raises(BadSettings, match="policy gold"):
        Rules.from_document({"policies": {"gold": policy}})


def test_a_zone_that_nobody_knows_is_refused() -> None:
    with pytest.raises(BadSettings, match="Europe/Bärlin"):
        Rules.from_document({"time_zone": "Europe/Bärlin"})
