"""A refusal's one cause: who may not do what, which document refuses, and the smallest statement that mends it."""

from typing import Any

import pytest

from scripts.doctor.facts import Access, Denial, Environment, Role, StateMachine
from scripts.doctor.findings import Confidence, Fault, Finding
from scripts.doctor.rules.access_denied import findings
from scripts.policies import Policy

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/load"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/load/load"
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1-2-3"
NO_IDENTITY = "because no identity-based policy allows the {} action"


def refused(action: str, resource: str = TABLE, reason: str = NO_IDENTITY, number: int = 1) -> Denial:
    message = f"AccessDeniedException: User: {SESSION} is not authorized to perform: {action} on resource: {resource} "
    return Denial(message + reason.format(action), "log group /aws/lambda/load", f"r-{number}", ROLE)


def policy(*statements: dict[str, Any], where: str = "policy permissions of load") -> Policy:
    return Policy(where, {"Statement": list(statements)})


def allow(actions: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Sid": "LoadOrders", "Effect": "Allow", "Action": actions, "Resource": resource, **more}


def deny(actions: str, resource: str = "*") -> dict[str, Any]:
    return {**allow(actions, resource), "Sid": "KeepAway", "Effect": "Deny"}


def role(*statements: dict[str, Any], boundary: Policy | None = None) -> Role:
    return Role(ROLE, (policy(*statements),), boundary)


def diagnosed(*denials: Denial, role: Role | None = None, resources: Any = None, **facts: Any) -> list[Finding]:
    access = Access({"load": role} if role else {}, resources or {})
    return list(findings(Environment("dev", denials=denials, access=access, **facts)))


def the_one(*denials: Denial, **facts: Any) -> Finding:
    [found] = diagnosed(*denials, **facts)
    assert found.fault is Fault.ACCESS_DENIED
    return found


def test_without_denials_there_is_nothing_to_find() -> None:
    assert diagnosed(Denial("the order is not known", "log", "r-1", ROLE), role=role()) == []


def test_a_missing_action_gets_the_smallest_statement() -> None:
    found = the_one(refused("dynamodb:PutItem"), role=role(allow("dynamodb:GetItem", TABLE)))
    assert (found.cause, found.confidence) == ("missing_statement", Confidence.CERTAIN)
    assert found.fix.statement == {
        "Sid": "PutItemOfDynamodb",
        "Effect": "Allow",
        "Action": "dynamodb:PutItem",
        "Resource": TABLE,
    }
    assert found.fix.terraform == (
        f'permissions = {{ PutItemOfDynamodb = {{ actions = ["dynamodb:PutItem"], resources = ["{TABLE}"] }} }}'
    )


def test_the_nearest_statement_shows_that_the_resource_is_another() -> None:
    found = the_one(refused("dynamodb:PutItem"), role=role(allow("dynamodb:*Item", TABLE + "-old")))
    assert found.cause == "missing_statement"
    assert "the nearest statement" in found.evidence[-1].where
    assert TABLE + "-old" in found.evidence[-1].text


def test_what_is_allowed_by_now_is_mended() -> None:
    assert diagnosed(refused("dynamodb:PutItem"), role=role(allow("dynamodb:PutItem", TABLE))) == []


def test_a_deny_is_not_cured_by_an_allow() -> None:
    found = the_one(
        refused("dynamodb:PutItem", reason="with an explicit deny in an identity-based policy"),
        role=role(allow("dynamodb:*"), deny("dynamodb:Put*")),
    )
    assert (found.cause, found.confidence) == ("explicit_deny", Confidence.CERTAIN)
    assert "KeepAway" in found.evidence[-1].text
    assert "KeepAway" in found.fix.text
    assert found.fix.statement is None
    assert found.fix.wrong_cure


def test_a_deny_in_a_queues_own_policy_is_found_there() -> None:
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:work"
    own = policy({**deny("sqs:*", queue), "Principal": "*"}, where="policy of the queue work")
    found = the_one(
        refused("sqs:sendmessage", queue, "with an explicit deny in a resource-based policy"),
        role=role(allow("sqs:SendMessage", queue)),
        resources={queue: own},
    )
    assert found.cause == "explicit_deny"
    assert "policy of the queue work" in found.fix.text


def test_a_boundary_that_does_not_allow_it_is_named_and_not_the_role() -> None:
    found = the_one(
        refused("dynamodb:PutItem", reason="because no permissions boundary allows the {} action"),
        role=role(allow("dynamodb:PutItem", TABLE), boundary=policy(allow("s3:*"))),
    )
    assert found.cause == "boundary"
    assert found.fix.add_to == "the permissions boundary"
    assert found.fix.wrong_cure


def test_a_boundary_is_found_without_a_word_in_the_message() -> None:
    limited = role(allow("dynamodb:PutItem", TABLE), boundary=policy(allow("s3:*")))
    assert the_one(refused("dynamodb:PutItem", reason=""), role=limited).cause == "boundary"


def test_a_deny_in_the_boundary_wins_over_the_message_without_reason() -> None:
    limited = role(allow("dynamodb:PutItem", TABLE), boundary=policy(allow("*"), deny("dynamodb:*")))
    assert the_one(refused("dynamodb:PutItem", reason=""), role=limited).cause == "explicit_deny"


def test_a_keys_policy_that_leaves_the_role_out_is_to_blame() -> None:
    key = {KEY: policy({**allow("kms:*"), "Principal": {"AWS": "arn:aws:iam::123456789012:role/admin"}})}
    found = the_one(
        refused("kms:Decrypt", KEY, "because no resource-based policy allows the {} action"),
        role=role(allow("kms:Decrypt", KEY)),
        resources=key,
    )
    assert found.cause == "key_policy"
    assert found.fix.statement
    assert found.fix.statement["Principal"] == {"AWS": ROLE}


def test_a_key_that_leaves_it_to_the_account_wants_a_statement_of_the_role() -> None:
    key = {KEY: policy({**allow("kms:*"), "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}})}
    found = the_one(refused("kms:Decrypt", KEY), role=role(allow("s3:GetObject")), resources=key)
    assert (found.cause, found.subject) == ("missing_statement", "load")


def test_a_key_used_through_a_service_is_mended_by_a_statement_for_that_service() -> None:
    key = {KEY: policy({**allow("kms:*"), "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}})}
    through = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    assert (
        diagnosed(refused("kms:Decrypt", KEY), role=role(allow("kms:Decrypt", KEY, Condition=through)), resources=key)
        == []
    )


def test_an_unmet_condition_is_told_apart_from_a_missing_statement() -> None:
    tagged = {"StringEquals": {"aws:ResourceTag/owner": "load"}}
    found = the_one(refused("ec2:DeleteVolume", "arn:aws:ec2:::volume/1"), role=role(allow("ec2:*", Condition=tagged)))
    assert found.cause == "condition_not_met"
    assert "aws:resourcetag/owner" in found.root_cause


def test_what_lies_above_the_account_is_named() -> None:
    found = the_one(
        refused("dynamodb:PutItem", reason="with an explicit deny in a service control policy"),
        role=role(allow("*")),
    )
    assert (found.cause, found.confidence) == ("outer_policy", Confidence.CERTAIN)
    assert found.fix.wrong_cure


def test_a_machines_role_is_mended_by_applying_what_its_definition_says() -> None:
    machine = StateMachine("load", "arn:machine", {})
    found = the_one(refused("dynamodb:PutItem"), role=role(), machines=(machine,))
    assert not found.fix.terraform
    assert "make apply" in found.fix.text


@pytest.mark.parametrize(
    ("message", "action"),
    [
        ("An error occurred (AccessDenied) when calling the ListObjectsV2 operation: Access Denied", "s3:ListBucket"),
        ("An error occurred (403) when calling the HeadObject operation: Forbidden", "s3:GetObject"),
        (
            "(AccessDeniedException) when calling the Decrypt operation: The ciphertext refers to a key",
            "kms:Decrypt",
        ),
    ],
)
def test_a_short_message_is_only_a_possible_cause_with_the_resource_left_open(message: str, action: str) -> None:
    found = the_one(Denial(message, "log", "r-1", ROLE), role=role())
    assert (found.cause, found.confidence) == ("missing_statement", Confidence.POSSIBLE)
    assert found.fix.statement
    assert (found.fix.statement["Action"], found.fix.statement["Resource"]) == (action, "<the resource's ARN>")


def test_many_objects_become_one_prefix() -> None:
    denials = [refused("s3:GetObject", f'"arn:aws:s3:::lake/incoming/{name}"', number=name) for name in range(5)]
    found = the_one(*denials, role=role())
    assert found.fix.statement
    assert found.fix.statement["Resource"] == "arn:aws:s3:::lake/incoming/*"
    assert len(found.symptoms) == 5
