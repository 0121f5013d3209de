"""A request is stored and started once, whatever callers repeat; what is not as agreed is refused, and not stored."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approval_workflow.domain.errors import BadRequest
from approval_workflow.domain.wish import Wish
from tests.unit.approval_workflow.aws import refusal
from tests.unit.approval_workflow.workflow import ADA, WISH, Workflow

EXTENSION = {"extends": "req-" + "0" * 20, "hours": 2, "purpose": "More", "cost_centre": "CC-1001"}


@pytest.fixture
def dynamodb(motos_dynamodb: Any) -> Any:
    return motos_dynamodb


def error_of(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["statusCode"], json.loads(answer["body"])["error"]["code"]


def test_a_request_is_stored_audited_started_and_accepted(workflow: Workflow) -> None:
    answer = workflow.post()
    document = json.loads(answer["body"])
    assert answer["statusCode"] == 202
    assert document == {"request_id": document["request_id"], "status": "PENDING", "created_at": "2026-11-23T08:00:00Z"}
    assert answer["headers"]["Location"] == f"requests/{document['request_id']}"
    assert workflow.states.executions == {document["request_id"]: json.dumps({"request_id": document["request_id"]})}
    (entry,) = workflow.audit(document["request_id"])
    assert entry == {
        "request_id": document["request_id"], "entry_id": "000001#SUBMITTED", "at": "2026-11-23T08:00:00Z", "who": ADA,
        "what": "SUBMITTED", "detail": "", "from_address": "203.0.113.7", "user_agent": "aws-cli/2.31.0",
    }  # fmt: skip


def test_the_same_key_gives_the_same_answer_and_one_execution(workflow: Workflow) -> None:
    first = workflow.post()
    workflow.pass_time(60)
    written_otherwise = json.dumps(dict(reversed(WISH.items())), indent=2)
    assert workflow.post() == workflow.post(written_otherwise) == first
    assert workflow.states.started == 1
    assert len(workflow.everything()[2]) == 1


def test_the_same_key_gives_the_same_answer_after_the_decision(workflow: Workflow) -> None:
    first = workflow.post()
    workflow.approved()
    workflow.states.executions.clear()  # Step Functions forgets names after ninety days
    assert workflow.post() == first
    assert not workflow.states.executions


def test_the_same_key_with_another_body_is_refused(workflow: Workflow) -> None:
    workflow.submit()
    before = workflow.everything()
    assert error_of(workflow.post(WISH | {"hours": 25})) == (422, "idempotency_key_reused")
    assert workflow.everything() == before


def test_the_same_key_of_another_caller_is_another_request(workflow: Workflow) -> None:
    assert workflow.submit() != workflow.submit(caller=ADA + "2")


def test_without_a_key_every_request_is_another_one(workflow: Workflow) -> None:
    assert workflow.submit(key=None) != workflow.submit(key=None)


def test_a_crash_between_storing_and_starting_is_mended_by_the_next_attempt(workflow: Workflow) -> None:
    workflow.states.fails = [MemoryError()]
    assert error_of(workflow.post()) == (500, "internal_error")
    assert workflow.states.started == 0
    request_id = workflow.submit()
    assert list(workflow.states.executions) == [request_id]
    assert workflow.trail(request_id) == ["SUBMITTED"]


def test_the_same_key_at_the_same_time_gives_one_request(workflow: Workflow) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: workflow.post()["body"], range(32)))
    assert len(set(answers)) == 1
    assert workflow.states.started == 1
    assert [len(items) for items in workflow.everything()] == [1, 0, 1]


@pytest.mark.parametrize("key", ["", "\n", "k" * 256, "\u202e"])
def test_an_odd_key_is_refused(workflow: Workflow, key: str) -> None:
    assert error_of(workflow.post(key=key)) == (400, "bad_request")


def test_nobody_is_refused(workflow: Workflow) -> None:
    assert error_of(workflow.post(caller=None)) == (403, "unknown_caller")


def test_a_busy_aws_is_told_from_a_bug(workflow: Workflow) -> None:
    workflow.states.fails = [refusal("InternalError", 500)]
    assert error_of(workflow.post()) == (503, "unavailable")


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", '"x"', '{"hours": NaN}', "9" * 5000, "[" * 100_000],
    ids=lambda body: repr(body[:9]),
)
def test_a_body_that_is_no_object_is_refused(workflow: Workflow, body: str) -> None:
    status, code = error_of(workflow.post(body))
    assert (status, code) in {(400, "bad_body"), (400, "bad_request")}
    assert workflow.everything() == [[], [], []]


@pytest.mark.parametrize(
    "change",
    [
        {"hours": 0}, {"hours": 8761}, {"hours": 1.5}, {"hours": "1"}, {"hours": True}, {"hours": None},
        {"purpose": ""}, {"purpose": " "}, {"purpose": "x" * 501}, {"purpose": "a\nb"}, {"purpose": "\ud800"},
        {"purpose": "\u202eevil"}, {"purpose": 7}, {"cost_centre": ""}, {"cost_centre": "x" * 65}, {"cost_centre": []},
        {"instance_type": "T3 micro"}, {"instance_type": "t3.micro\n"}, {"image_parameter": "no/slash"},
        {"surprise": 1}, {"kind": "deployment"}, {"extends": "req-" + "0" * 20},
    ],
    ids=str,
)  # fmt: skip
def test_a_field_that_is_not_as_agreed_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        Wish.from_document(WISH | change)


@pytest.mark.parametrize("name", WISH)
def test_a_missing_field_is_refused(name: str) -> None:
    with pytest.raises(BadRequest, match=name):
        Wish.from_document({key: value for key, value in WISH.items() if key != name})


@pytest.mark.parametrize("change", [{"extends": "req-1"}, {"extends": ""}, {"instance_type": "t3.micro"}], ids=str)
def test_an_odd_extension_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        Wish.from_document(EXTENSION | change)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda each: (
    st.lists(each, max_size=3) | st.dictionaries(st.sampled_from([*WISH, *EXTENSION]) | st.text(), each, max_size=6)
)))  # fmt: skip
def test_any_document_is_read_or_refused(document: Any) -> None:
    try:
        wish = Wish.from_document(document)
    except BadRequest:
        return
    assert wish.to_document() == document


def test_a_request_is_shown_to_its_requester_alone(workflow: Workflow) -> None:
    request_id = workflow.asked()
    shown = json.loads(workflow.show(request_id)["body"])
    assert shown["status"] == "PENDING"
    assert shown["request"] == WISH
    assert shown["approvers"] == ["bert", "cleo", "dana"]
    assert "task_token" not in shown
    for caller in (None, ADA + "2"):
        assert error_of(workflow.show(request_id, caller)) == (404, "unknown_request")
    assert error_of(workflow.show("req-" + "0" * 20)) == (404, "unknown_request")
