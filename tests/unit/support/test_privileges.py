"""The judge of least privilege, on policies and decisions made by hand."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from scripts.policies import Condition
from tests.support.privileges import Grant, by_role, denials, grants, role_name, uses

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/stock"
ROLE = "arn:aws:iam::000000000000:role/reader"


def decision(action: str = "dynamodb:GetItem", resource: str = TABLE, **other: Any) -> dict[str, Any]:
    return {
        "principal": ROLE,
        "action": action,
        "resource": resource,
        "decision": "Allow",
        "context": {},
        **other,
    }


def iam(statement: dict[str, Any], attached: tuple[str, ...] = (), *, as_text: bool = False) -> Any:
    """Return a client that knows one role with one inline policy."""
    document = {"Statement": [statement]}
    answer = {"PolicyDocument": json.dumps(document) if as_text else document}
    return SimpleNamespace(
        list_attached_role_policies=lambda **_: {"AttachedPolicies": list(attached)},
        list_role_policies=lambda **_: {"PolicyNames": ["permissions"]},
        get_role_policy=lambda **_: answer,
    )


def test_a_grant_is_used_by_the_allowed_decisions_of_its_role_that_it_covers() -> None:
    grant = Grant("reader", "ReadStock", "dynamodb:Get*", f"{TABLE}*")
    assert uses(grant, [decision(), decision("DynamoDB:getitem"), decision(resource=f"{TABLE}/index/i")]) == 3


@pytest.mark.parametrize(
    "other",
    [
        decision("dynamodb:PutItem"),
        decision(resource=TABLE.replace("stock", "other")),
        decision(resource=TABLE.upper()),
        decision(decision="ImplicitDeny"),
        decision(principal=f"{ROLE}-of-more"),
    ],
)
def test_a_grant_that_no_decision_needed_is_unused(other: dict[str, Any]) -> None:
    assert uses(Grant("reader", "ReadStock", "dynamodb:GetItem", TABLE), [other]) == 0


def test_a_grant_whose_condition_does_not_match_is_unused() -> None:
    conditions = (Condition("kms:viaservice", ("s3.*", "sqs.*")), Condition("aws:sourceaccount", ("000000000000",)))
    grant = Grant("reader", "UseTheKey", "kms:Decrypt", "*", conditions)
    account = {"aws:SourceAccount": "000000000000"}
    assert uses(grant, [decision("kms:Decrypt", context={"kms:ViaService": "sqs.x", **account})]) == 1
    for context in ({"kms:ViaService": "sns.x", **account}, {"kms:ViaService": "s3.x"}, {}):
        assert uses(grant, [decision("kms:Decrypt", context=context)]) == 0


@pytest.mark.parametrize("as_text", [True, False])
def test_a_statement_grants_each_action_on_each_resource(as_text: bool) -> None:
    statement = {
        "Sid": "ReadStock",
        "Effect": "Allow",
        "Action": ["dynamodb:GetItem", "dynamodb:Query"],
        "Resource": [TABLE, f"{TABLE}/index/*"],
        "Condition": {"StringEquals": {"kms:ViaService": "x"}, "ArnLike": {"aws:SourceArn": ["a", "b"]}},
    }
    found = list(grants(iam(statement, as_text=as_text), "reader"))
    assert [(grant.action, grant.resource) for grant in found] == [
        (action, resource) for action in statement["Action"] for resource in statement["Resource"]
    ]
    wanted = (Condition("kms:viaservice", ("x",)), Condition("aws:sourcearn", ("a", "b")))
    assert {grant.conditions for grant in found} == {wanted}


def test_a_condition_on_each_value_holds_when_every_value_matches() -> None:
    condition = Condition("aws:tagkeys", ("ends-at", "owner"), each=True)
    assert condition.holds({"aws:tagkeys": ["owner"]})
    assert condition.holds({})
    assert not condition.holds({"aws:tagkeys": ["owner", "other"]})


def test_a_null_condition_asks_whether_there_is_a_value() -> None:
    document = {"Action": "a:B", "Resource": "*", "Condition": {"Null": {"aws:ResourceTag/owner": "true"}}}
    [grant] = grants(iam({"Effect": "Allow", **document}), "reader")
    assert uses(grant, [decision("a:B", context={"aws:ResourceTag/other": "x"})]) == 1
    assert uses(grant, [decision("a:B", context={"aws:ResourceTag/owner": ""})]) == 0
    some = Condition("aws:tagkeys", ("false",), null=True)
    assert some.holds({"aws:tagkeys": ["owner"]})
    assert not some.holds({})


def test_a_variable_stands_for_another_key_s_value() -> None:
    condition = Condition("aws:resourcetag/instance", ("${ec2:SourceInstanceARN}",))
    assert condition.holds({"aws:resourcetag/instance": "i-1", "ec2:sourceinstancearn": "i-1"})
    assert not condition.holds({"aws:resourcetag/instance": "i-2", "ec2:sourceinstancearn": "i-1"})


def test_a_denial_in_a_policy_grants_nothing() -> None:
    assert not list(grants(iam({"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}), "reader"))


def test_what_cannot_be_judged_is_refused() -> None:
    unknown = {"Effect": "Allow", "Action": "a:B", "Resource": "*", "Condition": {"DateLessThan": {"x": "y"}}}
    with pytest.raises(ValueError, match="cannot judge"):
        list(grants(iam(unknown), "reader"))
    with pytest.raises(ValueError, match="managed policies"):
        list(grants(iam(unknown, ("ReadOnlyAccess",)), "reader"))


def test_denials_are_those_of_the_roles_asked_about() -> None:
    implicit, explicit = decision(decision="ImplicitDeny"), decision(decision="ExplicitDeny")
    other = decision(decision="ImplicitDeny", principal="arn:aws:iam::000000000000:role/other")
    assert denials({"reader"}, [decision(), implicit, explicit, other]) == [implicit, explicit]


def test_decisions_are_found_by_their_role() -> None:
    other = decision(principal="arn:aws:sts::000000000000:assumed-role/other/session")
    assert by_role([decision(), other]) == {"reader": [decision()], "other": [other]}


@pytest.mark.parametrize("principal", [ROLE, "arn:aws:sts::000000000000:assumed-role/reader/session", "reader"])
def test_a_session_is_its_role(principal: str) -> None:
    assert role_name({"principal": principal}) == "reader"
