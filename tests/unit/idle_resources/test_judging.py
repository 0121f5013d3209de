"""Properties of the judgement: nothing is stopped without a warning in force, and all that was stopped comes back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from idle_resources.domain.idleness import Usage
from idle_resources.domain.judging import START, STOP, UNMARK, Judge
from idle_resources.domain.machines import Group, Instance
from idle_resources.domain.rules import Rules
from shared.operations.moments import iso, moment_of
from tests.unit.idle_resources.workflow import RULES

SUNDAY = datetime(2026, 10, 18, tzinfo=UTC)  # the clocks change a week later
RULES_READ = Rules.from_document(RULES)
OFFICE = RULES_READ.calendars["office"]
OURS = "workflows-idle-resources"

moments = st.integers(0, 14 * 24 * 4).map(lambda quarters: SUNDAY + quarters * timedelta(minutes=15))
stamps = moments.map(iso)


def judge(now: datetime, usage: Usage | None = None) -> Judge:
    return Judge(RULES_READ, OURS, now, lambda _: usage)


tags = st.fixed_dictionaries(
    {},
    optional={
        "schedule": st.sampled_from(["office", "none"]),
        "keep-running-until": stamps | st.just("odd"),
        "keep-until": st.sampled_from(["forever", "2026-10-20", "odd"]),
        "stop-after": stamps | st.just("odd"),
        "stopped-by": st.sampled_from([OURS, "other"]),
        "stopped-at": stamps | st.just("odd"),
        "own-type": st.just("m5.large"),
    },
)
instances = st.builds(
    Instance,
    resource_id=st.just("i-1"),
    kind=st.sampled_from(["t3.micro", "m5.large"]),
    state=st.sampled_from(["pending", "running", "stopping", "stopped"]),
    launched_at=moments,
    tags=tags,
    untouchable=st.sampled_from(["", "", "a spot instance"]),
)
usages = st.none() | st.builds(
    Usage, st.integers(0, 24), st.decimals(0, 10, places=1), st.decimals(0, 2_000_000, places=0)
)


@given(instance=instances, now=moments, usage=usages)
def test_a_stop_has_a_warning_and_a_reason_and_no_veto(instance: Instance, now: datetime, usage: Usage | None) -> None:
    judged = judge(now, usage).instance(instance)
    if isinstance(judged, str) or judged.action != STOP:
        return
    warned = moment_of(instance.tags["stop-after"])
    assert instance.launched_at + RULES_READ.veto <= warned <= now
    assert instance.state == "running"
    assert not instance.untouchable
    assert instance.tags.get("keep-until") in {None, "2026-10-20"}
    until = instance.tags.get("keep-running-until")
    assert until is None or moment_of(until) <= now
    if "schedule" in instance.tags:
        assert not OFFICE.is_working(now)
    else:
        assert usage
        assert usage.hours >= 20
        assert now - instance.launched_at >= timedelta(hours=24)


@given(instance=instances, now=moments, usage=usages)
def test_a_start_is_of_what_we_stopped(instance: Instance, now: datetime, usage: Usage | None) -> None:
    judged = judge(now, usage).instance(instance)
    if isinstance(judged, str) or judged.action != START:
        return
    assert instance.state == "stopped"
    assert instance.tags["stopped-by"] == OURS
    assert instance.launched_at <= moment_of(instance.tags["stopped-at"])
    assert judged.facts["types"][0] == instance.tags.get("own-type", instance.kind)


@given(instance=instances, now=moments, usage=usages)
def test_every_judgement_has_a_reason(instance: Instance, now: datetime, usage: Usage | None) -> None:
    judged = judge(now, usage).instance(instance)
    assert judged if isinstance(judged, str) else judged.reason


def carry_out(instance: Instance, now: datetime) -> Instance:
    """Do to an instance what a run at this moment would."""
    judged = judge(now).instance(instance)
    if isinstance(judged, str):
        return instance
    plain = {key: value for key, value in instance.tags.items() if key in {"schedule", "keep-running-until"}}
    match judged.action:
        case "WARN":
            return replace(instance, tags={**plain, "stop-after": judged.facts["stop_after"]})
        case "STOP":
            ours: dict[str, Any] = {"stopped-by": OURS, "stopped-at": iso(now)}
            return replace(instance, state="stopped", tags={**plain, **ours})
        case "START":
            return replace(instance, state="running", launched_at=now, tags=plain)
        case other:
            assert other == UNMARK
            return replace(instance, tags=plain)


@given(runs=st.lists(moments, unique=True, max_size=60).map(sorted))
def test_whatever_runs_are_missed_the_next_one_in_working_hours_starts_it(runs: list[datetime]) -> None:
    instance = Instance("i-1", "t3.micro", "running", SUNDAY - timedelta(days=9), {"schedule": "office"})
    for now in runs:
        before = instance
        instance = carry_out(instance, now)
        assert instance.state == "running" or not OFFICE.is_working(now)
        if before.state == "running" and instance.state == "stopped":
            assert moment_of(before.tags["stop-after"]) <= now


def test_with_no_run_missed_it_is_stopped_every_night_and_weekend() -> None:
    instance = Instance("i-1", "t3.micro", "running", SUNDAY - timedelta(days=9), {"schedule": "office"})
    stopped = 0
    for quarter in range(14 * 24 * 4):
        instance = carry_out(instance, SUNDAY + quarter * timedelta(minutes=15))
        stopped += instance.state == "stopped"
    assert stopped / 4 > 14 * 24 - 10 * 12 - 10 * 1.5


groups = st.builds(
    Group,
    name=st.just("web"),
    min_size=st.integers(0, 4),
    desired=st.integers(4, 8),
    max_size=st.just(10),
    kinds=st.just(("t3.micro",) * 4),
    tags=tags.map(lambda found: {**found, "schedule": "office"})
    | st.just({"schedule": "office", "own-size": "2/4"})
    | st.just({"schedule": "office", "own-size": "2/4", "stop-after": iso(SUNDAY)}),
)


@given(group=groups, now=moments)
def test_a_group_never_forgets_its_own_size(group: Group, now: datetime) -> None:
    judged = judge(now).group(group)
    if isinstance(judged, str):
        return
    own = group.tags.get("own-size", group.size)
    if judged.action in {START, STOP}:
        assert judged.facts["size"] == own


@given(cpu=st.decimals(0, 100, places=1), network=st.decimals(0, 10**7, places=0), hours=st.integers(0, 30))
def test_idle_is_below_both_bounds_with_enough_measurements(cpu: Decimal, network: Decimal, hours: int) -> None:
    assert RULES_READ.idleness
    idle, _ = RULES_READ.idleness.judge(Usage(hours, cpu, network))
    assert idle == (cpu < 5 and network < 1_000_000 and hours >= 20)
