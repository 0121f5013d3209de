"""People decide once each, within the time, by a genuine link; a denial wins, approval takes the quorum."""

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approval_workflow.domain.errors import AlreadyDecided, BadForm
from approval_workflow.domain.request import Request, Status
from approval_workflow.domain.voting import MAX_COMMENT, Ballot, Voter, vote
from approval_workflow.domain.wish import Wish
from approval_workflow.handlers import close_request
from tests.unit.approval_workflow.workflow import POLICY, WISH, Workflow

NAMES = ("bert", "cleo", "dana")


@pytest.fixture
def dynamodb(motos_dynamodb: Any) -> Any:
    return motos_dynamodb


def test_approval_takes_the_quorum(workflow: Workflow) -> None:
    request_id = workflow.asked()
    first = workflow.decide(workflow.link(request_id, "bert"), decision="approve", comment="Go ahead")
    assert "You have approved this request" in first["body"]
    assert "1 of 2" in first["body"]
    assert workflow.stored(request_id)["status"] == "PENDING"
    second = workflow.decide(workflow.link(request_id, "dana"), decision="approve")
    assert "The request is approved." in second["body"]
    assert workflow.stored(request_id)["status"] == "APPROVED"
    assert workflow.trail(request_id)[-2:] == ["APPROVED_BY", "APPROVED_BY"]


def test_a_decision_is_audited_with_its_comment_and_where_it_came_from(workflow: Workflow) -> None:
    request_id = workflow.asked()
    workflow.decide(workflow.link(request_id, "bert"), decision="deny", comment=" Too\r\ndear\t")
    entry = workflow.audit(request_id)[-1]
    assert (entry["who"], entry["what"], entry["detail"]) == ("bert", "DENIED_BY", "Too\ndear")
    assert (entry["from_address"], entry["at"]) == ("203.0.113.7", "2026-11-23T08:00:00Z")
    assert entry["user_agent"].startswith("Mozilla/5.0")


@pytest.mark.parametrize("before", [0, 1])
def test_a_denial_wins_at_once(workflow: Workflow, before: int) -> None:
    request_id = workflow.asked()
    for name in NAMES[:before]:
        workflow.decide(workflow.link(request_id, name), decision="approve")
    answer = workflow.decide(workflow.link(request_id, "dana"), decision="deny")
    assert (answer["statusCode"], workflow.stored(request_id)["status"]) == (200, "REJECTED")
    assert "The request is rejected." in answer["body"]
    late = workflow.decide(workflow.link(request_id, "cleo"), decision="approve")
    assert late["statusCode"] == 409
    assert workflow.stored(request_id)["status"] == "REJECTED"


@pytest.mark.parametrize("again", ["approve", "deny"])
def test_a_link_decides_once(workflow: Workflow, again: str) -> None:
    request_id = workflow.asked()
    link = workflow.link(request_id, "bert")
    workflow.decide(link, decision="approve")
    before = workflow.everything()
    answer = workflow.decide(link, decision=again)
    assert (answer["statusCode"], "You have already approved this request" in answer["body"]) == (409, True)
    opened = workflow.open(link)
    assert (opened["statusCode"], "<h1>Already decided</h1>" in opened["body"]) == (200, True)
    assert "<form" not in opened["body"]
    assert workflow.everything() == before


def test_opening_links_changes_nothing(workflow: Workflow) -> None:
    request_id = workflow.asked()
    before = workflow.everything()
    for name in NAMES * 3:
        answer = workflow.open(workflow.link(request_id, name))
        assert (answer["statusCode"], '<form method="post">' in answer["body"]) == (200, True)
    assert workflow.everything() == before


@pytest.mark.parametrize("base64", [False, True])
def test_a_form_in_base64_is_the_same(workflow: Workflow, base64: bool) -> None:
    request_id = workflow.asked()
    answer = workflow.decide(workflow.link(request_id, "bert"), base64=base64, decision="approve", comment="grüß dich")
    assert answer["statusCode"] == 200
    assert workflow.audit(request_id)[-1]["detail"] == "grüß dich"


@pytest.mark.parametrize(
    "body",
    [
        "", "comment=hello", "decision=", "decision=maybe", "decision=approve&decision=deny",
        "decision=approve&decision=approve", "decision=APPROVE", "decision=approve&approver=cleo",
        "decision=approve&comment=" + "x" * 501, "decision=approve&comment=a&comment=b", "decision=%ff",
        '{"decision": "approve"}', "&".join(f"f{n}=1" for n in range(100)),
    ],
    ids=lambda body: body[:30],
)  # fmt: skip
def test_an_odd_form_is_refused_and_changes_nothing(workflow: Workflow, body: str) -> None:
    request_id = workflow.asked()
    before = workflow.everything()
    answer = workflow.decide(workflow.link(request_id, "bert"), body)
    assert (answer["statusCode"], "That did not work" in answer["body"]) == (400, True)
    assert workflow.everything() == before


def test_a_comment_s_line_ends_count_once() -> None:
    comment = "\r\n".join(["x"] * 250) + "y"
    assert len(Ballot.from_form({"decision": ["approve"], "comment": [comment]}).comment) == MAX_COMMENT
    with pytest.raises(BadForm):
        Ballot.from_form({"decision": ["approve"], "comment": [comment + "y"]})


def test_after_the_deadline_nothing_is_decided(workflow: Workflow) -> None:
    request_id = workflow.asked()
    link = workflow.link(request_id, "bert")
    workflow.pass_time(POLICY["deadline_seconds"] - 1)
    assert workflow.open(link)["statusCode"] == 200
    workflow.pass_time(1)
    before = workflow.everything()
    assert workflow.open(link)["statusCode"] == 410
    assert workflow.decide(link, decision="approve")["statusCode"] == 410
    assert workflow.everything() == before


def test_after_closing_nothing_is_decided(workflow: Workflow) -> None:
    request_id = workflow.asked()
    for _ in range(2):
        assert workflow.step(close_request, request_id) == {"status": "EXPIRED"}
    assert workflow.decide(workflow.link(request_id, "bert"), decision="approve")["statusCode"] == 410
    assert workflow.trail(request_id) == ["SUBMITTED", "VALIDATED", "ASKED", "CLOSED"]


@pytest.mark.parametrize(("choice", "status"), [("approve", "APPROVED"), ("deny", "REJECTED")])
def test_a_decision_that_was_stored_before_closing_counts(workflow: Workflow, choice: str, status: str) -> None:
    request_id = workflow.asked()
    for name in NAMES[:2]:
        workflow.decide(workflow.link(request_id, name), decision=choice)
    workflow.pass_time(POLICY["deadline_seconds"])
    before = workflow.everything()
    assert workflow.step(close_request, request_id) == {"status": status}
    assert workflow.everything() == before


def test_a_hundred_clicks_on_one_link_decide_once(workflow: Workflow) -> None:
    request_id = workflow.asked()
    link = workflow.link(request_id, "bert")
    choices = ["approve", "deny"] * 50
    with ThreadPoolExecutor(100) as pool:
        statuses = list(pool.map(lambda choice: workflow.decide(link, decision=choice)["statusCode"], choices))
    assert sorted(statuses) == [200] + [409] * 99
    assert len(workflow.trail(request_id)) == 4
    assert list(workflow.stored(request_id)["votes"]) == ["bert"]


def test_a_hundred_clicks_of_all_approvers_give_one_decision_and_an_entry_for_each_vote(workflow: Workflow) -> None:
    workflow.agree(POLICY | {"approvals": {"needed": 3, "from": list(NAMES)}})
    request_id = workflow.asked()
    links = [workflow.link(request_id, name) for name in NAMES] * 34
    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(lambda link: workflow.decide(link, decision="approve")["statusCode"], links))
    assert sorted(statuses) == [200] * 3 + [409] * 99
    assert sorted(entry["who"] for entry in workflow.audit(request_id) if entry["what"] == "APPROVED_BY") == list(NAMES)
    assert (workflow.stored(request_id)["status"], workflow.stored(request_id)["version"]) == ("APPROVED", 6)


@given(
    st.integers(1, 5).flatmap(
        lambda needed: st.tuples(
            st.just(needed), st.lists(st.sampled_from(["approve", "deny"]), min_size=needed, max_size=8)
        )
    )
)
def test_whatever_the_order_the_first_denial_or_the_last_needed_approval_decides(case: tuple[int, list[str]]) -> None:
    needed, choices = case
    names = tuple(f"p{number}" for number in range(len(choices)))
    request = Request("r", "a", Wish(**WISH), "", "", approvers=names, needed=needed, expires_at=10)
    cast = []
    for name, choice in zip(names, choices, strict=True):
        ballot = Ballot.from_form({"decision": [choice]})
        try:
            request = vote(request, ballot, Voter(name, "", ""), 0, "").request
        except AlreadyDecided:
            assert request.status is not Status.PENDING
            continue
        assert "deny" not in cast
        assert len(cast) < needed
        cast.append(choice)
    expected = Status.REJECTED if "deny" in cast else Status.APPROVED if len(cast) == needed else Status.PENDING
    assert request.status is expected


@pytest.mark.parametrize("order", list(permutations(NAMES, 2)))
def test_the_order_of_approvers_makes_no_difference(workflow: Workflow, order: tuple[str, str]) -> None:
    request_id = workflow.asked()
    for name in order:
        workflow.decide(workflow.link(request_id, name), decision="approve")
    assert workflow.stored(request_id)["status"] == "APPROVED"
