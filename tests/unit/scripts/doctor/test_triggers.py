"""The first broken link of a trigger's chain; a whole chain has none."""

from typing import Any

import pytest

from scripts.doctor.facts import Access, Arrival, Environment, Line, Role, Target, Trigger
from scripts.doctor.findings import Confidence, Fault, Finding
from scripts.doctor.rules.triggers import findings
from scripts.policies import Policy

ACCOUNT = "123456789012"
RULE = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/etl"
ALIAS = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:etl:live"
MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:etl"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:etl-undelivered"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/etl"


def statement(action: str, resource: str, service: str = "", **condition: Any) -> dict[str, Any]:
    principal = {"Principal": {"Service": service}} if service else {}
    return {"Effect": "Allow", "Action": action, "Resource": resource, **principal, "Condition": condition}


def policy(where: str, *statements: dict[str, Any]) -> Policy:
    return Policy(where, {"Statement": list(statements)})


def may_invoke(source: str = RULE, resource: str = ALIAS, service: str = "events.amazonaws.com") -> Policy:
    only = {"ArnLike": {"AWS:SourceArn": source}, "StringEquals": {"AWS:SourceAccount": ACCOUNT}}
    return policy("policy of the alias", statement("lambda:InvokeFunction", resource, service, **only))


TAKES_EVENTS = policy(
    "policy of the failure queue",
    statement("sqs:SendMessage", QUEUE, "events.amazonaws.com", ArnEquals={"aws:SourceArn": RULE}),
)


def target(arn: str = ALIAS, **facts: Any) -> Target:
    return Target(arn, **{"exists": True, "failure_queue": QUEUE, "failure_queue_exists": True, **facts})


def rule(**facts: Any) -> Trigger:
    usual = {"targets": (target(),), "filter": '{"prefix": "incoming/"}', "literals": ("incoming/", ".csv")}
    return Trigger(
        "rule", "etl", RULE, "the bucket lake", "s3", where="rule etl", **{"enabled": True, **usual, **facts}
    )


def starting(*statements: dict[str, Any], trusted: str = "events.amazonaws.com", **more: Any) -> Access:
    trust = policy("trust of etl", {**statement("sts:AssumeRole", "", trusted), "Resource": []})
    role = Role(ROLE, (policy("policy of etl", *statements),), trust=trust, **more)
    return Access({"etl": role}, {QUEUE: TAKES_EVENTS})


def diagnosed(trigger: Trigger, access: Access | None = None) -> list[Finding]:
    usual = Access({}, {ALIAS: may_invoke(), QUEUE: TAKES_EVENTS})
    return list(findings(Environment("dev", triggers=(trigger,), access=access or usual)))


def the_one(trigger: Trigger, access: Access | None = None) -> Finding:
    [found] = diagnosed(trigger, access)
    assert found.fault is Fault.TRIGGER
    return found


STARTS_LIVE = statement("states:StartExecution", MACHINE, StringEquals={"states:StateMachineQualifier": "live"})
TO_MACHINE = rule(targets=(target(f"{MACHINE}:live", role_arn=ROLE),))


def test_a_whole_chain_to_a_function_is_healthy() -> None:
    assert diagnosed(rule(arrivals=(Arrival("incoming/a.csv", "PutObject", passes=True),))) == []


def test_a_whole_chain_to_a_machine_is_healthy() -> None:
    assert diagnosed(TO_MACHINE, starting(STARTS_LIVE)) == []


def test_objects_that_nobody_meant_to_send_are_no_sign() -> None:
    others = tuple(Arrival(key, "PutObject", passes=False) for key in ("reports/run.json", "work/part-1", "in/a.tsv"))
    assert diagnosed(rule(arrivals=others)) == []


def test_a_bucket_that_sends_no_events_is_the_first_link() -> None:
    found = the_one(rule(source_on=False, enabled=False))
    assert (found.cause, found.confidence) == ("source_broken", Confidence.CERTAIN)
    assert "eventbridge = true" in found.fix.terraform


def test_a_mapping_whose_source_is_gone_says_so() -> None:
    mapping = Trigger("mapping", "m", "arn:aws:lambda:::m", QUEUE, "sqs", True, "mapping m", source_on=False)
    assert "does not exist" in the_one(mapping).root_cause


def test_a_rule_that_is_turned_off_is_named() -> None:
    assert the_one(rule(enabled=False)).cause == "trigger_broken"


@pytest.mark.parametrize(
    ("key", "slip"),
    [
        ("Incoming/a.csv", "Incoming/"),
        ("incomming/a.csv", "incomming/"),
        ("/incoming/a.csv", "incoming/"),
        ("incoming/a.CSV", ".CSV"),
    ],
)
def test_an_object_that_just_misses_the_filter_shows_the_slip(key: str, slip: str) -> None:
    found = the_one(rule(arrivals=(Arrival(key, "PutObject", passes=False),)))
    assert (found.cause, found.confidence) == ("filter_broken", Confidence.LIKELY)
    assert repr(slip) in found.fix.text


def test_an_event_that_the_filter_leaves_out_is_named() -> None:
    found = the_one(rule(arrivals=(Arrival("incoming/big.csv", "CompleteMultipartUpload", passes=False),)))
    assert found.cause == "filter_broken"
    assert "CompleteMultipartUpload" in found.root_cause


@pytest.mark.parametrize("targets", [(), (target(exists=False),)])
def test_a_target_that_is_not_there_is_named(targets: tuple[Target, ...]) -> None:
    assert the_one(rule(targets=targets)).cause == "target_broken"


@pytest.mark.parametrize(
    "access",
    [
        Access(),
        Access({}, {ALIAS: may_invoke(source=RULE + "-old")}),
        Access({}, {ALIAS: may_invoke(resource=ALIAS.removesuffix(":live"))}),
        Access({}, {ALIAS: may_invoke(service="s3.amazonaws.com")}),
    ],
)
def test_a_function_that_does_not_let_the_rule_in_gets_the_permission(access: Access) -> None:
    found = the_one(rule(), access)
    assert (found.cause, found.confidence) == ("permission_broken", Confidence.CERTAIN)
    assert 'function_name = "etl", qualifier = "live"' in found.fix.terraform
    assert found.fix.statement
    assert found.fix.statement["Condition"] == {"ArnEquals": {"aws:SourceArn": RULE}}


def test_s3_needs_a_permission_of_its_own() -> None:
    bucket = "arn:aws:s3:::lake"
    notification = Trigger("notification", "n", bucket, "lake", "s3", True, "bucket lake", (Target(ALIAS, True),))
    assert the_one(notification).cause == "permission_broken"
    allowed = Access({}, {ALIAS: may_invoke(bucket, service="s3.amazonaws.com")})
    assert diagnosed(notification, allowed) == []


@pytest.mark.parametrize(
    "access",
    [
        starting(),
        starting(statement("states:StartExecution", MACHINE + "-old")),
        starting(statement("states:StartExecution", MACHINE, StringEquals={"states:StateMachineQualifier": "old"})),
        starting(STARTS_LIVE, boundary=policy("boundary", statement("s3:*", "*"))),
    ],
)
def test_a_role_that_may_not_start_the_machine_gets_the_statement(access: Access) -> None:
    found = the_one(TO_MACHINE, access)
    assert found.cause == "permission_broken"
    assert found.fix.statement
    assert found.fix.statement["Resource"] == MACHINE


def test_a_role_that_does_not_trust_the_service_is_named() -> None:
    found = the_one(TO_MACHINE, starting(STARTS_LIVE, trusted="scheduler.amazonaws.com"))
    assert "does not trust events.amazonaws.com" in found.root_cause


def test_a_machine_without_any_role_cannot_be_started() -> None:
    assert "no role" in the_one(rule(targets=(target(MACHINE),))).root_cause


def test_what_a_mapping_says_of_itself_is_the_evidence() -> None:
    mapping = Trigger("mapping", "m", "arn:aws:lambda:::m", QUEUE, "sqs", True, "mapping m", (Target(ALIAS, True),))
    assert diagnosed(mapping) == []
    problem = "PROBLEM: sqs:ReceiveMessage is not allowed"
    broken = Trigger("mapping", "m", mapping.arn, QUEUE, "sqs", True, "mapping m", mapping.targets, problem=problem)
    assert the_one(broken).evidence[0].text == problem


def test_events_that_wait_in_the_failure_queue_are_evidence() -> None:
    waiting = (Line(0.0, "ERROR_CODE NO_PERMISSIONS", "queue etl-undelivered"),)
    assert the_one(rule(undelivered=waiting), Access()).evidence[-1].text == "ERROR_CODE NO_PERMISSIONS"


@pytest.mark.parametrize(
    ("facts", "queue"),
    [({"failure_queue_exists": False}, TAKES_EVENTS), ({}, policy("policy of the failure queue"))],
)
def test_a_failure_queue_that_takes_nothing_is_the_last_link(facts: dict[str, Any], queue: Policy) -> None:
    access = Access({}, {ALIAS: may_invoke(), QUEUE: queue})
    assert the_one(rule(targets=(target(**facts),)), access).cause == "failure_queue_broken"
