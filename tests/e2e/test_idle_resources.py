"""Idle and off-hours machines end to end: warned of, stopped, started again; all others are left alone."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.e2e.alarms import hearing
from tests.e2e.approvals import wait
from tests.e2e.conftest import WAIT_SCALE, waits_scaled
from tests.e2e.idle_machines import OFFICE, iso, now
from tests.e2e.idle_resources import ALWAYS, NEVER, IdleResources
from tests.engine.hooks import hook
from tests.support.privileges import grants

STEPS = {"StartInstances", "ScaleGroups", "StopInstances", "WarnOwners"}
ADA = {"owner": "ada"}
TEAM = {"team": "ada"}  # a tag that no other workflow of the environment writes
OURS = {"stop-after", "stopped-by", "stopped-at", "own-type", "own-size"}
A_SECOND_COSTS_A_DOLLAR = {"t3.micro": "3600"}


def calendars() -> dict[str, Any]:
    """Return calendars by which people work now, or do not, each for a reason of its own."""
    there = now().astimezone(ZoneInfo("Pacific/Auckland"))
    hours = {"mon-sun": f"{there - timedelta(hours=1):%H:%M}-{there + timedelta(hours=4):%H:%M}"}
    here = now().astimezone(ZoneInfo("Europe/Berlin")).date()
    days = [str(here + timedelta(days=days)) for days in (-1, 0, 1)]
    return {
        "auckland": {"time_zone": "Pacific/Auckland", "working": hours},
        "same hours in UTC": {"time_zone": "UTC", "working": hours},
        "holidays": {**ALWAYS, "time_zone": "Europe/Berlin", "holidays": days},
        "closed": NEVER,
    }


def test_what_nobody_needs_is_warned_of_and_all_else_is_left_alone(idle: IdleResources) -> None:
    idle.agree(calendars=calendars(), veto_minutes=60, owner_tag="team")
    wanted = {
        "idle": (TEAM, "DONE WARN", "idle: at most 1.0 % CPU and 1,000 bytes an hour in 24 hours"),
        "nobody's": ({}, "DONE WARN", "idle: at most 1.0 % CPU and 1,000 bytes an hour in 24 hours"),
        "busy": (TEAM, "NOT_PLANNED", "in use: at most 50.0 % CPU and 1,000 bytes an hour in 24 hours"),
        "serving": (TEAM, "NOT_PLANNED", "in use: at most 1.0 % CPU and 9,000,000 bytes an hour in 24 hours"),
        "unmeasured": (TEAM, "NOT_PLANNED", "too little is measured: 0 of 20 hours"),
        "kept": (TEAM | {"keep-until": "forever"}, "NOT_PLANNED", "kept for ever (keep-until)"),
        "there": (TEAM | {"schedule": "auckland"}, "NOT_PLANNED", "working hours (auckland)"),
        "here": (TEAM | {"schedule": "same hours in UTC"}, "DONE WARN", "off hours (same hours in UTC)"),
        "off": (TEAM | {"schedule": "holidays"}, "DONE WARN", "off hours (holidays)"),
        "odd": (TEAM | {"schedule": "ofice"}, "NOT_PLANNED", "there is no calendar 'ofice'"),
    }
    ids = dict(zip(wanted, idle.launch(*[tags for tags, _, _ in wanted.values()]), strict=True))
    [young] = idle.launch(TEAM, days=0)
    for measured in ("idle", "nobody's", "kept"):
        idle.measure(ids[measured])
    idle.measure(young)
    idle.measure(ids["busy"], cpu=50)
    idle.measure(ids["serving"], network=9_000_000)
    run = idle.run()
    assert run.status == "SUCCEEDED"
    for name, (tags, outcome, reason) in wanted.items():
        assert (run.outcome(ids[name]), run.reason(ids[name])) == (outcome, reason), name
        assert bool(OURS & idle.tags(ids[name]).keys()) == (outcome == "DONE WARN")
        assert tags.items() <= idle.tags(ids[name]).items()
    assert run.reason(young).startswith("runs only since")
    assert {idle.state(each) for each in (*ids.values(), young)} == {"running"}
    warning = idle.mail(ids["idle"], "ada", "warning")
    assert {each for each in ids.values() if each in warning.message} == {ids["idle"], ids["here"], ids["off"]}
    assert "keep-running-until" in warning.message
    assert ids["nobody's"] in idle.mail(ids["nobody's"], "operators", "warning").message


def test_a_warning_a_veto_and_a_stop(idle: IdleResources) -> None:
    kept, other = idle.launch(OFFICE, OFFICE)
    idle.office(open_now=False, veto_minutes=60)
    run = idle.run()
    assert {run.outcome(kept), run.outcome(other)} == {"DONE WARN"}
    idle.tag(kept, {"keep-running-until": iso(hours=1)})
    run = idle.run()
    assert run.outcome(kept) == "DONE UNMARK"
    assert run.reason(other).startswith("off hours (office); warned, to be stopped after ")
    assert {idle.state(kept), idle.state(other)} == {"running"}
    an_hour_passes(idle, other)
    run = idle.run()
    assert run.outcome(other) == "DONE STOP"
    assert run.reason(kept).startswith("kept running until")
    idle.reach("stopped", other)
    assert OURS & idle.tags(other).keys() == {"stopped-by", "stopped-at"}
    assert idle.tags(kept).keys() & OURS == set()
    idle.tag(kept, {"keep-running-until": iso(minutes=-1)})
    run = idle.run()
    assert run.outcome(kept) == "DONE WARN"
    assert "keep-running-until expired at" in run.reason(kept)
    an_hour_passes(idle, kept)
    assert idle.run().outcome(kept) == "DONE STOP"


def an_hour_passes(idle: IdleResources, warned: str) -> None:
    """Move an instance's warning an hour into the past."""
    before = datetime.fromisoformat(idle.tags(warned)["stop-after"])
    assert before > now()
    idle.tag(warned, {"stop-after": f"{before - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"})


def test_what_is_idle_is_stopped_and_stays_so_until_somebody_needs_it(idle: IdleResources) -> None:
    unused, used = idle.launch(ADA, ADA)
    for each in (unused, used):
        idle.measure(each)
    idle.office(open_now=True)
    assert idle.run().outcome(unused) == "DONE WARN"
    idle.measure(used, cpu=90)
    run = idle.run()
    assert (run.outcome(unused), run.outcome(used)) == ("DONE STOP", "DONE UNMARK")
    idle.reach("stopped", unused)
    assert idle.run().reason(unused) == "stopped for being idle: whoever needs it starts it"


def test_a_morning(idle: IdleResources) -> None:
    """What was stopped here starts in the owners' order, disks under a customer's key and all; one run at a time."""
    disk = encrypted_by(idle.deployment.outputs["foundation"]["kms_key_arn"])
    [by_hand] = idle.launch(OFFICE)
    idle.ec2.stop_instances(InstanceIds=[by_hand])
    web, database = idle.launch(
        {"start-order": "20"} | OFFICE, {"start-order": "10"} | OFFICE, BlockDeviceMappings=[disk]
    )
    idle.stop(web, database)
    idle.office(open_now=True)
    with waits_scaled(idle.engine, 0.1, then=WAIT_SCALE):
        execution = idle.start()
        wait(lambda: "WaitToStartInstances" in idle.entered(execution))
        assert idle.on_schedule().entered[-1] == "LeftToAnotherRun"
        run = idle.ended(execution)
    assert run.status == "SUCCEEDED"
    assert {run.outcome(web), run.outcome(database)} == {"DONE START"}
    assert run.reason(by_hand) == "stopped, but not by this workflow"
    idle.reach("running", web, database)
    assert idle.show(web)["LaunchTime"] > idle.show(database)["LaunchTime"]
    assert idle.state(by_hand) == "stopped"
    assert not any(OURS & idle.tags(each).keys() for each in (web, database))
    assert idle.calls(web, "StartInstances") == idle.calls(web, "StopInstances") == [""]


def encrypted_by(key: str) -> dict[str, Any]:
    """Return a root volume under a key."""
    return {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "KmsKeyId": key, "DeleteOnTermination": True}}


def test_a_start_that_ec2_takes_back_has_failed_and_is_tried_again(idle: IdleResources) -> None:
    kms = idle.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    [instance] = idle.stopped({}, BlockDeviceMappings=[encrypted_by(key)])
    idle.office(open_now=True)
    run = idle.run()
    assert run.failure[0] == "ItemsFailed"
    assert run.reason(instance) == "EC2 stopped it again: Client.InternalError: Client error on launch"
    assert idle.state(instance) == "stopped"
    role = idle.role("start_instances")
    lent = [allowed(f"{role.partition(':role/')[0]}:root", "kms:*"), allowed(role, "kms:CreateGrant")]
    policy = {"Version": "2012-10-17", "Statement": lent}
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    assert idle.run().outcome(instance) == "DONE START"
    assert idle.state(instance) == "running"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)


def allowed(principal: str, action: str) -> dict[str, Any]:
    """Return a key policy's statement."""
    return {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*"}


def test_savings_are_in_the_ledger(idle: IdleResources) -> None:
    [instance] = idle.launch(OFFICE)
    idle.office(open_now=False, prices=A_SECOND_COSTS_A_DOLLAR)
    idle.run()
    stopped = idle.run()
    assert Decimal(stopped.entry(instance)["usd_per_month"]) == 3600 * 730
    remembered = idle.rows("#savings")[instance]["memory"]
    price, text = remembered.split()
    since = datetime.fromisoformat(text)
    assert price == "3600"
    idle.reach("stopped", instance)
    wait(lambda: now() > since + timedelta(seconds=1))
    idle.office(open_now=True)
    run = idle.run()
    saved = Decimal(run.entry(instance)["facts"]["saved_usd"])
    assert 1 <= saved <= (now() - since).total_seconds()
    assert f'"saved_usd": "{saved}"' in idle.rows(run.run_id)[instance]["facts"]
    assert instance not in idle.rows("#savings")
    assert f"{saved} USD were saved" in idle.mail(run.run_id, "operators", "report").message


def test_starts_keep_to_the_rate_that_ec2_allows(idle: IdleResources) -> None:
    ids = idle.stopped(*[{}] * 8)
    idle.office(open_now=True)
    hook(idle.engine, "ec2/rates", StartInstances={"burst": 6, "per_second": 2})  # one more for a slow first request
    run = idle.run()
    assert hook(idle.engine, "ec2/rates") == {}, "nothing was refused"
    assert {run.outcome(each) for each in ids} == {"DONE START"}


def test_without_room_another_size_starts_and_the_own_one_comes_back(idle: IdleResources) -> None:
    [instance, other] = idle.launch(OFFICE | {"start-order": "1"}, OFFICE)
    [large] = idle.launch(OFFICE, InstanceType="m5.large")
    idle.stop(instance, other, large)
    idle.office(open_now=True)
    try:
        hook(idle.engine, "ec2/capacity", without=["t3.micro", "t3a.micro", "t3.small"])
        run = idle.run()
        assert run.failure == ("ItemsFailed", "2 items failed; the report names them.")
        assert run.reason(instance) == "NoCapacity: no room for t3.micro, t3a.micro, t3.small"
        assert (run.outcome(other), run.outcome(large)) == ("FAILED START", "DONE START"), "the rest goes on"
        assert idle.show(instance)["InstanceType"] == "t3.micro"
        hook(idle.engine, "ec2/capacity", without=["t3.micro"])
        run = idle.run()
    finally:
        hook(idle.engine, "ec2/capacity", without=[])
    assert run.entry(instance)["facts"]["started_as"] == "t3a.micro"
    assert idle.show(instance)["InstanceType"] == "t3a.micro"
    assert idle.tags(instance)["own-type"] == "t3.micro"
    no_room = "Server.InsufficientInstanceCapacity"
    assert idle.calls(instance, "StartInstances") == [*[no_room] * 4, ""], "each type was asked for once a run"
    idle.reach("running", instance)
    idle.age(instance)
    idle.stop(instance)
    idle.office(open_now=True)
    assert idle.run().entry(instance)["facts"]["started_as"] == "t3.micro"
    assert "own-type" not in idle.tags(instance)


def test_groups_are_scaled_down_and_back_to_exactly_their_size(idle: IdleResources) -> None:
    web, kept = idle.group((1, 2, 4)), idle.group((1, 1, 2))
    job, dear = idle.group((0, 1, 3), off_hours_size="1"), idle.group((2, 2, 2), off_hours_size="1")
    members = [each["InstanceId"] for each in idle.show_group(web)["Instances"]]
    idle.office(open_now=False)
    run = idle.run()
    assert {run.outcome(each) for each in (web, kept, dear)} == {"DONE WARN"}
    assert run.reason(job) == "has its off-hours size of 1 already"
    idle.tag_group(kept, {"keep-running-until": iso(hours=1)})
    run = idle.run()
    assert (run.outcome(web), run.outcome(dear), run.outcome(kept)) == ("DONE STOP", "DONE STOP", "DONE UNMARK")
    assert (idle.sizes(web), idle.sizes(dear), idle.sizes(kept)) == ((0, 0, 4), (1, 1, 2), (1, 1, 2))
    assert idle.group_tags(web)["own-size"] == "1/2"
    wait(lambda: not idle.show_group(web)["Instances"])
    idle.reach("terminated", *members)
    idle.office(open_now=True)
    run = idle.run()
    assert {run.outcome(web), run.outcome(dear)} == {"DONE START"}
    assert (idle.sizes(web), idle.sizes(dear)) == ((1, 2, 4), (2, 2, 2))
    assert idle.group_tags(web) == OFFICE
    assert Decimal(run.entry(web)["facts"]["saved_usd"]) >= 0


def test_over_a_limit_nothing_at_all_is_done_and_an_alarm_tells(idle: IdleResources) -> None:
    [stopped] = idle.stopped({})
    first, second = idle.launch(OFFICE, OFFICE)
    idle.run()
    [unwarned] = idle.launch(OFFICE)
    calendars = {"office": NEVER, "morning": ALWAYS}
    idle.tag(stopped, {"schedule": "morning"})
    idle.agree(calendars=calendars, limits={"max_count": 1, "max_gib": 0, "max_percent": 1})
    with hearing(idle.deployment, f"{machine(idle)}-failed") as told:
        run = idle.run()
        told("ALARM")
    error, cause = run.failure
    assert error == "LimitsExceeded"
    assert "2 resources, the limit is 1; " in cause
    assert "the limit is 1 %" in cause
    assert not STEPS & {*run.entered}
    assert {idle.state(each) for each in (first, second, unwarned)} == {"running"}
    assert idle.state(stopped) == "stopped"
    assert not OURS & idle.tags(unwarned).keys()
    assert run.outcome(first) == "PLANNED STOP"
    assert cause in idle.mail(run.run_id, "operators", "failure").message


def machine(idle: IdleResources) -> str:
    return str(idle.outputs["state_machine_arn"].rpartition(":")[2])


def test_a_dry_run_touches_nothing(idle: IdleResources) -> None:
    [stopped], [warned] = idle.stopped({}), idle.launch(OFFICE)
    group = idle.group((1, 1, 1))
    idle.run()
    [fresh] = idle.launch(OFFICE)
    idle.tag(stopped, {"schedule": "morning"})
    idle.agree(calendars={"office": NEVER, "morning": ALWAYS}, dry_run=True)

    def looks(instance: str) -> tuple[Any, ...]:
        shown, tags = idle.show(instance), idle.tags(instance)  # the owner tags' workflow may be at it
        return shown["State"], shown["InstanceType"], {key: tags[key] for key in OURS & tags.keys()}

    def everything() -> list[object]:
        return [*map(looks, (stopped, warned, fresh)), idle.sizes(group), idle.group_tags(group)]

    before = everything()
    run = idle.run()
    assert run.status == "SUCCEEDED"
    wanted = {stopped: "WOULD_START", warned: "WOULD_STOP", fresh: "WOULD_WARN", group: "WOULD_STOP"}
    assert {each: run.outcome(each) for each in wanted} == wanted
    assert not STEPS & {*run.entered}
    assert everything() == before
    told = idle.mail(run.run_id, "operators", "report")
    assert told.subject == "Idle resources (dry run): 2 stopped, 1 started, 1 warned"


def test_no_role_may_end_a_machine(idle: IdleResources) -> None:
    iam = idle.client("iam")
    names = [role["RoleName"] for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]]
    mine = [name for name in names if name.startswith(machine(idle))]
    assert len(mine) == len(idle.outputs["function_names"]) + 2, "the functions', the machine's and the schedule's"
    actions = {grant.action for name in mine for grant in grants(iam, name)}
    assert {each for each in actions if each.startswith(("ec2:", "autoscaling:")) and ":Describe" not in each} == {
        "autoscaling:CreateOrUpdateTags",
        "autoscaling:DeleteTags",
        "autoscaling:UpdateAutoScalingGroup",
        "ec2:CreateTags",
        "ec2:DeleteTags",
        "ec2:ModifyInstanceAttribute",
        "ec2:StartInstances",
        "ec2:StopInstances",
    }
