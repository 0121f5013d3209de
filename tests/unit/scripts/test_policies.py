"""What policy documents say to a request: Deny first, wildcards, exceptions, conditions that may hold, principals."""

from typing import Any

import pytest

from scripts.policies import Answer, Policy, Request, decide, document, matches

GET = Request("s3:GetObject", "arn:aws:s3:::lake/a")


def policy(*bodies: dict[str, Any]) -> Policy:
    return Policy("somewhere", {"Statement": list(bodies)})


def body(effect: str = "Allow", **parts: Any) -> dict[str, Any]:
    return {"Sid": effect, "Effect": effect, "Action": "s3:*", "Resource": "*", **parts}


@pytest.mark.parametrize(
    ("bodies", "answer"),
    [
        ([], Answer.SILENT),
        ([body()], Answer.ALLOWED),
        ([body(Action=["s3:PutObject", "S3:getobject"])], Answer.ALLOWED),
        ([body(Action="s3:Get?bject", Resource="arn:aws:s3:::lake/*")], Answer.ALLOWED),
        ([body(Resource="arn:aws:s3:::lake")], Answer.SILENT),
        ([body(Resource="arn:aws:s3:::lake/[a]")], Answer.SILENT),
        ([body(), body("Deny")], Answer.DENIED),
        ([body(), body("Deny", Action="s3:Put*")], Answer.ALLOWED),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], Answer.ALLOWED),
        ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], Answer.SILENT),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::lake/*"}], Answer.SILENT),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::other/*"}], Answer.ALLOWED),
        ([body(Principal="*")], Answer.ALLOWED),
    ],
)
def test_a_request_of_an_identity_is_decided(bodies: list[dict[str, Any]], answer: Answer) -> None:
    assert decide([policy(*bodies)], GET).answer is answer


@pytest.mark.parametrize(
    ("context", "answer"),
    [
        ({"aws:sourcearn": "arn:aws:s3:::lake"}, Answer.ALLOWED),
        ({"aws:sourcearn": "arn:aws:s3:::other"}, Answer.SILENT),
        ({}, Answer.DEPENDS),
    ],
)
def test_a_condition_decides_once_its_key_is_known(context: dict[str, str], answer: Answer) -> None:
    only = body(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::lake*"}})
    assert decide([policy(only)], Request(GET.action, GET.resource, context)).answer is answer


def test_an_operator_that_nobody_can_judge_leaves_it_open() -> None:
    rare = body(Condition={"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}})
    assert (
        decide([policy(rare)], Request(GET.action, GET.resource, {"aws:currenttime": "now"})).answer is Answer.DEPENDS
    )


def test_a_deny_that_may_hold_does_not_hide_an_allow() -> None:
    maybe = body("Deny", Condition={"StringEquals": {"aws:PrincipalTag/team": "x"}})
    verdict = decide([policy(maybe, body())], GET)
    assert (verdict.answer, verdict.statement and verdict.statement.body["Sid"]) == (Answer.ALLOWED, "Allow")


@pytest.mark.parametrize(
    ("principal", "answer"),
    [
        ("*", Answer.ALLOWED),
        ({"AWS": "*"}, Answer.ALLOWED),
        ({"AWS": ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b"]}, Answer.ALLOWED),
        ({"Service": "events.amazonaws.com"}, Answer.SILENT),
    ],
)
def test_a_resources_policy_names_who_it_means(principal: Any, answer: Answer) -> None:
    asked = Request(GET.action, GET.resource, principals=("arn:aws:iam::1:role/b",))
    assert decide([policy(body(Principal=principal))], asked).answer is answer
    assert decide([policy(body())], asked).answer is Answer.SILENT


def test_a_single_statement_needs_no_list() -> None:
    assert decide([Policy("x", {"Statement": body()})], GET).answer is Answer.ALLOWED


def test_documents_come_as_text_as_objects_or_not_at_all() -> None:
    assert [document(each) for each in ('{"a": 1}', {"a": 1}, "", None)] == [{"a": 1}, {"a": 1}, {}, {}]


def test_only_stars_and_question_marks_are_wildcards() -> None:
    assert matches("a[b]*", "a[b]c")
    assert not matches("a[b]", "ab")
