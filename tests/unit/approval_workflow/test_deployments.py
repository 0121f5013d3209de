"""A pipeline's run asks people once, and nobody who had a hand in the commit; all that follows is as for a host."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approval_workflow.domain.deployment import Deployment
from approval_workflow.domain.errors import AnotherPlan, BadQuestion, NoInstance, TooFewApprovers
from approval_workflow.domain.messages import asking, summary
from approval_workflow.domain.opening import Question
from approval_workflow.domain.policy import Policy
from approval_workflow.domain.request import Request
from approval_workflow.domain.wish import Wish
from approval_workflow.handlers import close_request, extend_instance, publish_parameters
from tests.unit.approval_workflow.workflow import ADA, PLAN, POLICY, RUN, START, WISH, Workflow

STRANGER = "arn:aws:sts::000000000000:assumed-role/Developer/eve"
NOBODY_KNOWN = {"pusher": STRANGER, "author": "Eve <eve@example.com>"}
LINES = st.text() | st.sampled_from(
    ["a\nApprovals: 2 of 2", "a\r\nb", "\u202eevil", "\x1b[2J", "a\u2028b", " ", "\x00"]
)


@pytest.fixture
def dynamodb(motos_dynamodb: Any) -> Any:
    return motos_dynamodb


def deployment(**changes: Any) -> Deployment:
    return Deployment.from_run(RUN | changes, PLAN)


def request(wanted: Any) -> Request:
    plan = {"types": ["t3.micro"], "price_usd": "0.25", "rounds": [10]}
    return Request(
        "req-1", ADA, wanted, wanted.digest(), "2026-11-23T08:00:00Z", "ada", plan=plan, approvers=("bert",), needed=1
    )


def test_the_machine_learns_what_it_needs_to_ask(workflow: Workflow) -> None:
    opened = workflow.open_decision()
    planned = workflow.validate(workflow.submit())
    assert re.fullmatch("req-[0-9a-f]{20}", opened["request_id"])
    assert opened == {
        "request_id": opened["request_id"], "rounds": planned["rounds"], "expires_at": planned["expires_at"],
    }  # fmt: skip


def test_a_deployment_s_request_is_stored_and_audited(workflow: Workflow) -> None:
    request_id = workflow.open_decision()["request_id"]
    stored = workflow.stored(request_id)
    assert (stored["status"], stored["requester"], stored["requester_name"]) == ("PENDING", ADA, "ada")
    assert (stored["approvers"], stored["needed"]) == (["bert", "cleo", "dana"], 2)
    assert stored["request"] == {
        "kind": "deployment", "run_id": RUN["run_id"], "repository": "platform", "branch": "release/1",
        "commit": RUN["commit"], "environment": "prod", "author": "Ada <ada@example.com>",
        "message": "Speed up the reports", "plan_summary": PLAN["summary"], "plan_address": PLAN["address"],
    }  # fmt: skip
    (entry,) = workflow.audit(request_id)
    assert (entry["what"], entry["who"], entry["at"]) == ("SUBMITTED", ADA, "2026-11-23T08:00:00Z")
    assert entry["detail"] == "2 of bert, cleo, dana until 2026-11-26T08:00:00Z"
    assert workflow.states.started == 0, "the pipeline's machine asks, not ours"


def test_a_run_asks_once_whatever_changes_meanwhile(workflow: Workflow) -> None:
    first = workflow.open_decision()
    before = workflow.everything()
    workflow.pass_time(3600)
    workflow.agree(POLICY | {"deadline_seconds": 60, "people": {}, "approvals": {"needed": 1, "from": []}})
    assert workflow.open_decision() == first
    assert workflow.everything() == before


def test_a_run_that_asks_many_times_at_once_asks_once(workflow: Workflow) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: json.dumps(workflow.open_decision()), range(32)))
    assert len(set(answers)) == 1
    assert [len(items) for items in workflow.everything()] == [1, 0, 1]


def test_another_run_of_the_same_commit_asks_again(workflow: Workflow) -> None:
    other = RUN | {"run_id": "0123456789ab-00000002"}
    assert workflow.open_decision()["request_id"] != workflow.open_decision(other)["request_id"]


def test_no_caller_of_the_api_has_the_id_of_a_run_s_request(workflow: Workflow) -> None:
    request_id = workflow.open_decision()["request_id"]
    assert request_id not in {workflow.submit(key=key) for key in (RUN["run_id"], f"deployment {RUN['run_id']}")}


@pytest.mark.parametrize("change", [{"summary": "1 to destroy"}, {"address": "s3://elsewhere/plan.txt"}], ids=str)
def test_what_was_approved_for_one_plan_does_not_let_another_one_pass(
    workflow: Workflow, change: dict[str, str]
) -> None:
    request_id = workflow.asked_about_deployment()
    for name in ("bert", "cleo"):
        workflow.decide(workflow.link(request_id, name), decision="approve")
    before = workflow.everything()
    with pytest.raises(AnotherPlan, match=RUN["run_id"]):
        workflow.open_decision(plan=PLAN | change)
    assert workflow.everything() == before


@pytest.mark.parametrize(
    ("change", "approvers"),
    [
        (NOBODY_KNOWN, ["bert", "cleo", "dana"]),
        (NOBODY_KNOWN | {"author": ""}, ["bert", "cleo", "dana"]),
        (NOBODY_KNOWN | {"author": "bert@example.com"}, ["cleo", "dana"]),
        (NOBODY_KNOWN | {"author": "cleo"}, ["bert", "cleo", "dana"]),
        ({"pusher": POLICY["people"]["bert"]["principal"]}, ["cleo", "dana"]),
        ({"author": "Somebody <BERT+work@Example.com>"}, ["cleo", "dana"]),
        ({"approvers": ["dana", "eve", "dana", "cleo"]}, ["dana", "cleo"]),
        ({"approvers": ["ada", "bert", "cleo"]}, ["bert", "cleo"]),
    ],
    ids=str,
)
def test_whoever_had_a_hand_in_the_commit_is_not_asked(
    workflow: Workflow, change: dict[str, Any], approvers: list[str]
) -> None:
    request_id = workflow.open_decision(RUN | change)["request_id"]
    assert workflow.stored(request_id)["approvers"] == approvers


def test_nobody_approves_their_own_push_under_another_name(workflow: Workflow) -> None:
    robert = {"email": "robert@example.com", "principal": "arn:aws:iam::000000000000:role/teams/Developer"}
    bert = POLICY["people"]["bert"] | {"email": "Robert+approvals@example.com"}
    workflow.agree(POLICY | {"people": POLICY["people"] | {"bert": bert, "robert": robert}})
    request_id = workflow.open_decision(RUN | {"pusher": STRANGER})["request_id"]
    stored = workflow.stored(request_id)
    assert (stored["requester_name"], stored["approvers"]) == ("robert", ["cleo", "dana"])


def test_a_stranger_s_push_is_known_by_its_arn(workflow: Workflow) -> None:
    request_id = workflow.asked_about_deployment(**NOBODY_KNOWN)
    assert f"Requester: {STRANGER}" in workflow.topic.messages[0]["Message"].splitlines()
    assert workflow.audit(request_id)[0]["who"] == STRANGER


@pytest.mark.parametrize(
    "change",
    [
        {"needed": 4},
        {"needed": 3, "pusher": POLICY["people"]["bert"]["principal"]},
        {"needed": 3, "author": "Bert <bert@example.com>"},
        {"approvers": ["bert"]},
        {"approvers": ["bert", "eve"]},
        {"approvers": []},
        {"approvers": [], "needed": 0},
        {"needed": -1},
    ],
    ids=str,
)
def test_if_too_few_may_approve_nobody_is_asked(workflow: Workflow, change: dict[str, Any]) -> None:
    with pytest.raises(TooFewApprovers, match=r"approvals are needed, and of .* may give one"):
        workflow.open_decision(RUN | change)
    assert workflow.everything() == [[], [], []]


@pytest.mark.parametrize("value", ["", "\n", None])
@pytest.mark.parametrize("name", ["run_id", "repository", "branch", "commit", "environment"])
def test_nobody_is_asked_about_what_they_are_not_told(workflow: Workflow, name: str, value: str | None) -> None:
    with pytest.raises(BadQuestion, match=f"does not say: {name}$"):
        workflow.open_decision(RUN | {name: value})
    assert workflow.everything() == [[], [], []]


@pytest.mark.parametrize("plan", [{}, {"summary": "", "address": " "}, {"summary": None}], ids=str)
def test_nobody_approves_a_plan_that_they_cannot_read(workflow: Workflow, plan: dict[str, Any]) -> None:
    with pytest.raises(BadQuestion, match=r"does not say: plan_summary, plan_address$"):
        workflow.open_decision(plan=plan)


def test_a_push_by_nobody_is_not_asked_about(workflow: Workflow) -> None:
    with pytest.raises(BadQuestion, match="who pushed"):
        workflow.open_decision(RUN | {"pusher": ""})
    assert workflow.everything() == [[], [], []]


@given(
    st.lists(st.sampled_from(["ada", "bert", "cleo", "dana", "eve"]), max_size=8), st.integers(0, 5),
    st.sampled_from(["ada", "bert", "cleo", "dana", "eve"]), st.sampled_from(["ada", "bert", "cleo", "dana", "eve"]),
)  # fmt: skip
def test_whoever_is_asked_is_known_to_the_policy_and_had_no_hand_in_it(
    approvers: list[str], needed: int, pusher: str, author: str
) -> None:
    signature = {"pusher": f"arn:aws:iam::000000000000:user/{pusher}", "author": f"X <{author}@example.com>"}
    question = Question.from_run(RUN | signature | {"approvers": approvers, "needed": needed}, PLAN)
    expected = set(approvers) - {pusher, author, "eve"}
    try:
        found = question.request(Policy.from_text(json.dumps(POLICY)), START)
    except TooFewApprovers:
        assert not 0 < needed <= len(expected)
        return
    assert 0 < needed <= len(expected)
    assert (sorted(found.approvers), found.needed) == (sorted(expected), needed)


def test_approvers_read_all_they_need_to_know(workflow: Workflow) -> None:
    request_id = workflow.asked_about_deployment()
    message = workflow.topic.messages[0]
    assert message["Subject"] == f"Approval asked to deploy 0123456789ab to prod ({request_id})"
    facts = [
        "Requester: ada", "Environment: prod", "Repository: platform", "Branch: release/1", f"Commit: {RUN['commit']}",
        "Author: Ada <ada@example.com>", "Message: Speed up the reports", f"Plan: {PLAN['summary']}",
        f"Whole plan: {PLAN['address']}", f"Run: {RUN['run_id']}", "Decide until: 2026-11-26 08:00 UTC",
        "Approvals: 0 of 2", f"Request: {request_id}",
    ]  # fmt: skip
    assert message["Message"].splitlines()[: len(facts)] == facts
    page = workflow.open(workflow.link(request_id, "bert"))["body"]
    for fact in facts:
        name, _, value = fact.replace("<", "&lt;").replace(">", "&gt;").partition(": ")
        assert f"<dt>{name}</dt><dd>{value}</dd>" in page


def test_reminders_say_so(workflow: Workflow) -> None:
    request_id = workflow.asked_about_deployment()
    workflow.ask(request_id, 1, "token-1")
    subject = workflow.topic.messages[-1]["Subject"]
    assert subject == f"Reminder: approval asked to deploy 0123456789ab to prod ({request_id})"


@given(LINES, LINES, LINES)
def test_a_commit_cannot_add_lines_to_a_message(message: str, author: str, branch: str) -> None:
    odd = request(deployment(message=message, author=author, branch=f"x{branch}", environment=f"x{branch}"))
    asked = asking(odd, "bert", "https://example.com/link", 0)
    assert asked.subject.isascii()
    assert "\n" not in asked.subject
    before, _, after = asked.text.partition("\n\n")
    assert len(before.splitlines()) == len(summary(odd))
    assert all(line.isprintable() for line in before.splitlines())
    assert "".join(after.splitlines()).endswith("https://example.com/link")


@given(
    st.builds(
        Wish,
        st.text(min_size=1), st.integers(1, 9), st.text(min_size=1),
        instance_type=st.text(), image_parameter=st.text(), extends=st.text(),
    )
    | st.builds(deployment, message=LINES, author=LINES)
)  # fmt: skip
def test_every_kind_of_request_is_read_as_it_was_stored(wanted: Wish | Deployment) -> None:
    stored = request(wanted)
    assert Request.from_document(json.loads(json.dumps(stored.to_document()))) == stored


def test_requests_that_were_stored_before_there_were_kinds_are_read(workflow: Workflow) -> None:
    request_id = workflow.asked()
    assert "kind" not in workflow.stored(request_id)["request"]
    assert Request.from_document(workflow.stored(request_id)).wish == Wish(**WISH)


@pytest.mark.parametrize(("choice", "status"), [("approve", "APPROVED"), ("deny", "REJECTED")])
def test_decisions_close_the_request_and_wake_the_pipeline(workflow: Workflow, choice: str, status: str) -> None:
    request_id = workflow.asked_about_deployment()
    for name in ("bert", "cleo"):
        workflow.decide(workflow.link(request_id, name), decision=choice)
    workflow.resume(request_id)
    assert workflow.states.answers == [("token-0", json.dumps({"decision": status}))]
    assert workflow.step(close_request, request_id) == {"status": status}
    assert workflow.decide(workflow.link(request_id, "dana"), decision="approve")["statusCode"] == 409
    assert workflow.trail(request_id)[:2] == ["SUBMITTED", "ASKED"]


def test_without_a_decision_the_request_is_closed(workflow: Workflow) -> None:
    request_id = workflow.asked_about_deployment()
    workflow.decide(workflow.link(request_id, "bert"), decision="approve")
    workflow.pass_time(POLICY["deadline_seconds"])
    assert workflow.step(close_request, request_id) == {"status": "EXPIRED"}
    assert workflow.decide(workflow.link(request_id, "cleo"), decision="approve")["statusCode"] == 410
    assert workflow.trail(request_id) == ["SUBMITTED", "ASKED", "APPROVED_BY", "CLOSED"]


def test_whoever_pushed_may_see_the_request_and_nobody_else(workflow: Workflow) -> None:
    request_id = workflow.asked_about_deployment()
    shown = json.loads(workflow.show(request_id)["body"])
    assert (shown["status"], shown["request"]["commit"]) == ("PENDING", RUN["commit"])
    assert "task_token" not in shown
    assert workflow.show(request_id, STRANGER)["statusCode"] == 404


def test_an_approved_deployment_is_no_host(workflow: Workflow) -> None:
    request_id = workflow.asked_about_deployment()
    for name in ("bert", "cleo"):
        workflow.decide(workflow.link(request_id, name), decision="approve")
    before = workflow.everything()
    for step in (
        lambda: workflow.launch(request_id),
        lambda: workflow.step(publish_parameters, request_id, instance_id="i-1"),
        lambda: workflow.step(extend_instance, request_id),
    ):
        with pytest.raises(NoInstance, match="is about a deployment"):
            step()
    assert workflow.everything() == before
    assert workflow.ec2.instances == {}


def test_a_deployment_cannot_be_extended(workflow: Workflow) -> None:
    request_id = workflow.asked_about_deployment()
    plan = workflow.validate(
        workflow.submit({"extends": request_id, "hours": 2, "purpose": "More", "cost_centre": "CC-1001"})
    )
    assert plan["reasons"] == [f"the instance of {request_id} does not run"]
