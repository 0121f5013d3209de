"""The policy decides what may be asked for, who may agree, and who is who."""

import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approval_workflow.domain.errors import BadPolicy
from approval_workflow.domain.people import People, Person
from approval_workflow.domain.policy import Policy
from approval_workflow.domain.rounds import rounds
from tests.unit.approval_workflow.workflow import ADA, IMAGE, IMAGE_PARAMETER, POLICY, START, WISH, Workflow

ROLE = "arn:aws:iam::000000000000:role/teams/search/Engineer"
SESSION = "arn:aws:sts::000000000000:assumed-role/Engineer/ada"


@given(st.integers(1, 10_000_000), st.integers(0, 10))
def test_rounds_are_whole_grow_and_last_exactly_until_the_deadline(deadline: int, reminders: int) -> None:
    if deadline < 2 ** (reminders + 1) - 1:
        with pytest.raises(ValueError, match="too few"):
            rounds(deadline, reminders)
        return
    found = rounds(deadline, reminders)
    assert sum(found) == deadline
    assert len(found) == reminders + 1
    assert all(later >= 2 * earlier > 0 for earlier, later in pairwise(found))


def test_rounds_of_three_days() -> None:
    assert rounds(259200, 3) == [17280, 34560, 69120, 138240]


def changed(path: str, value: Any) -> str:
    """Return the policy's text with one value changed, or removed if it is None."""
    policy: Any = json.loads(json.dumps(POLICY))
    *parents, last = path.split(".")
    place = policy
    for name in parents:
        place = place[int(name)] if name.isdigit() else place[name]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return json.dumps(policy)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("approvals.from", ["bert", "eve"]), ("approvals.needed", 0), ("approvals", None), ("max_hours", "many"),
        ("people.Ada Lovelace", {"email": "a", "principal": "b"}), ("people.ada.email", None), ("people", []),
        ("max_price_usd", "-1"), ("max_price_usd", "NaN"), ("max_price_usd", "1e3"), ("deadline_seconds", 14),
        ("instance_types.0.usd_per_hour", "free"), ("instance_types.0.type", None), ("reminders", -1),
    ],
)  # fmt: skip
def test_a_policy_that_contradicts_itself_is_our_mistake(path: str, value: Any) -> None:
    with pytest.raises(BadPolicy):
        Policy.from_text(changed(path, value))


@pytest.mark.parametrize("text", ["", "[]", "null", "{}"])
def test_a_policy_that_is_none_is_our_mistake(text: str) -> None:
    with pytest.raises(BadPolicy, match="cannot be read"):
        Policy.from_text(text)


def test_costs_are_exact() -> None:
    policy = Policy.from_text(changed("instance_types.0.usd_per_hour", 0.1))
    assert policy.cost("t3.micro", 3) == Decimal("0.3")


@pytest.mark.parametrize(("cap", "valid"), [("0.3", True), ("0.30", True), ("0.299999", False), (0.3, True)])
def test_a_price_just_at_the_cap_is_allowed(workflow: Workflow, cap: Any, valid: bool) -> None:
    workflow.agree(json.loads(changed("instance_types.0.usd_per_hour", "0.1")) | {"max_price_usd": cap})
    assert workflow.validate(workflow.submit(WISH | {"hours": 3}))["valid"] is valid


def test_a_valid_request_gets_a_plan(workflow: Workflow) -> None:
    request_id = workflow.submit()
    plan = workflow.validate(request_id)
    assert plan == {
        "valid": True, "requester": ADA, "requester_name": "ada", "rounds": [17280, 34560, 69120, 138240],
        "types": ["t3.micro", "t3.small"], "image_id": IMAGE, "hours": 24, "ends_after_seconds": 86400,
        "extends": None, "warning_seconds": 3600, "price_usd": "0.4992", "expires_at": START + 259200,
    }  # fmt: skip
    stored = workflow.stored(request_id)
    assert (stored["approvers"], stored["needed"]) == (["bert", "cleo", "dana"], 2)
    assert workflow.trail(request_id) == ["SUBMITTED", "VALIDATED"]


def test_validating_twice_gives_the_same_plan_and_one_entry(workflow: Workflow) -> None:
    request_id = workflow.submit()
    first = workflow.validate(request_id)
    workflow.agree(POLICY | {"max_hours": 1})
    workflow.pass_time(60)
    assert workflow.validate(request_id) == first
    assert workflow.trail(request_id) == ["SUBMITTED", "VALIDATED"]


def test_the_requested_type_comes_first_and_the_others_in_the_policy_s_order(workflow: Workflow) -> None:
    request_id = workflow.submit(WISH | {"instance_type": "t3.small", "hours": 2})
    assert workflow.validate(request_id)["types"] == ["t3.small", "t3.micro", "m7i.large"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"instance_type": "p5.48xlarge"}, "the instance type p5.48xlarge is not one of t3.micro, t3.small, m7i.large"),
        ({"hours": 73}, "73 hours are more than the 72 that are allowed"),
        ({"instance_type": "m7i.large"}, "24 hours of m7i.large cost 2.4192 USD, more than 2.00 USD"),
        ({"cost_centre": "CC-1"}, "the cost centre CC-1 is not one of CC-1001, CC-1002"),
        ({"image_parameter": "/images/odd"}, "the image /images/odd is not one of /images/linux"),
    ],
)
def test_an_invalid_request_is_told_why(workflow: Workflow, change: dict[str, Any], reason: str) -> None:
    request_id = workflow.submit(WISH | change)
    first = workflow.validate(request_id)
    assert first == {"valid": False, "reasons": [reason], "requester": ADA, "requester_name": "ada"}
    assert workflow.validate(request_id) == first


def test_all_reasons_are_told_at_once(workflow: Workflow) -> None:
    wish = WISH | {"instance_type": "t1.odd", "hours": 100, "cost_centre": "-", "image_parameter": "/odd"}
    assert len(workflow.validate(workflow.submit(wish))["reasons"]) == 4


@pytest.mark.parametrize("value", [None, "ami-odd"])
def test_an_image_that_does_not_exist_is_a_reason(workflow: Workflow, value: str | None) -> None:
    workflow.agree(POLICY | {"image_parameters": [IMAGE_PARAMETER, "/images/new"]})
    if value:
        workflow.agree_on_image("/images/new", value)
    plan = workflow.validate(workflow.submit(WISH | {"image_parameter": "/images/new"}))
    assert plan["reasons"] == ["the parameter /images/new holds no image"]


def test_a_stranger_s_request_is_invalid_as_they_might_be_an_approver(workflow: Workflow) -> None:
    plan = workflow.validate(workflow.submit(caller="arn:aws:iam::000000000000:user/eve"))
    assert (plan["valid"], plan["requester_name"]) == (False, "requesters")
    assert "names nobody" in plan["reasons"][0]


def person(name: str, **changes: str) -> dict[str, str]:
    return {"email": f"{name}@example.com", "principal": f"arn:aws:iam::000000000000:user/{name}"} | changes


@pytest.mark.parametrize(
    ("people", "own"),
    [
        ({"bert": person("bert")}, "bert"),
        ({"ada": person("ada"), "bert": person("bert", principal=person("ada")["principal"])}, "ada"),
        ({"ada": person("ada"), "bert": person("bert", email="ADA+approvals@Example.com")}, "ada"),
        ({"ada": person("ada"), "x": person("ada", principal="arn:x"), "bert": person("b", principal="arn:x")}, "ada"),
        ({"bert": person("bert", principal=ROLE)}, None),
        ({"ada": person("ada", principal=SESSION), "bert": person("bert", principal=ROLE)}, None),
    ],
    ids=["plainly", "same principal", "same mailbox", "a chain of names", "any session", "session and role"],
)
def test_nobody_approves_their_own_request_under_any_name(
    workflow: Workflow, people: dict[str, dict[str, str]], own: str | None
) -> None:
    cleo = {"cleo": person("cleo")}
    workflow.agree(POLICY | {"people": people | cleo, "approvals": {"needed": 1, "from": ["bert", "cleo"]}})
    request_id = workflow.submit(caller=people[own]["principal"] if own else SESSION)
    assert workflow.validate(request_id)["valid"]
    assert workflow.stored(request_id)["approvers"] == ["cleo"]


def test_too_few_other_approvers_make_a_request_invalid(workflow: Workflow) -> None:
    request_id = workflow.submit(caller=POLICY["people"]["bert"]["principal"])
    assert workflow.validate(request_id)["valid"]
    workflow.agree(POLICY | {"approvals": {"needed": 3, "from": ["bert", "cleo", "dana"]}})
    plan = workflow.validate(workflow.submit(key="key-2", caller=POLICY["people"]["bert"]["principal"]))
    assert plan["reasons"] == ["3 approvals are needed, and 2 others may give one"]


def test_two_names_of_one_approver_are_one_vote(workflow: Workflow) -> None:
    people = POLICY["people"] | {"robert": person("bert", principal="arn:aws:iam::000000000000:user/robert")}
    workflow.agree(POLICY | {"people": people, "approvals": {"needed": 2, "from": ["bert", "robert", "bert", "cleo"]}})
    request_id = workflow.submit()
    workflow.validate(request_id)
    assert workflow.stored(request_id)["approvers"] == ["bert", "cleo"]


@pytest.mark.parametrize(
    ("principal", "arn", "same"),
    [
        (ROLE, SESSION, True), (SESSION, SESSION, True), (ROLE, ROLE, True), (ADA, ADA, True),
        (ROLE, SESSION.replace("Engineer", "Engineer2"), False), (ROLE, SESSION.removesuffix("/ada"), False),
        (ROLE, SESSION.replace("000000000000", "1" * 12), False), (SESSION, SESSION.replace("/ada", "/bert"), False),
        (ROLE, SESSION.replace("arn:aws:", "arn:aws-cn:"), False), (ADA, ADA + "2", False),
    ],
)  # fmt: skip
def test_a_role_stands_for_its_sessions_and_nobody_else(principal: str, arn: str, same: bool) -> None:
    assert Person("a@example.com", principal).calls_as(arn) is same


def test_the_most_exact_name_is_the_requester_s() -> None:
    people = People({"team": Person("team@example.com", ROLE), "ada": Person("ada@example.com", SESSION)})
    assert people.names_of(SESSION) == ["ada", "team"]
