"""Whatever a function behind API Gateway does, its answer is well formed, and shows callers nothing of its inside."""

import io
import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.faults import TransientFailure
from shared.http import HttpAnswer, HttpRequest, Problem, answering, api_handler, json_answer
from shared.observability import logger
from tests.support.functions import ENVIRONMENT, Context
from tests.unit.approval_workflow.workflow import api_event

TRACE = "1-5759e988-bd862e3fe1be46a994272793"
CORRELATION_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
type Log = Callable[[], list[dict[str, Any]]]


class Teapot(Exception):
    """A domain's refusal: it has a status and a code, and knows nothing of HTTP otherwise."""

    status, code = 418, "teapot"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={TRACE};Parent=53995c3f42cd8ad8;Sampled=1")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    """Return what was logged."""
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def answer_of(act: Callable[[HttpRequest], Any], event: Any = None, context: Any = None) -> dict[str, Any]:
    """Return what a handler answers that does `act`."""
    return api_handler(act)(event or api_event("api_submit_request"), context or Context())


def raising(error: Exception) -> Callable[[HttpRequest], Any]:
    def act(_http: HttpRequest) -> Any:
        raise error

    return act


def error_in(answer: dict[str, Any]) -> dict[str, str]:
    assert answer["headers"]["Content-Type"] == "application/json"
    error: dict[str, str] = json.loads(answer["body"])["error"]
    return error


def test_an_answer_has_the_form_that_api_gateway_understands() -> None:
    assert answer_of(lambda http: json_answer(200, {"caller": http.caller}, {"X-Number": "1"})) == {
        "statusCode": 200,
        "headers": {
            "Content-Type": "application/json",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "X-Number": "1",
        },
        "body": '{"caller": "arn:aws:iam::000000000000:user/ada"}',
        "isBase64Encoded": False,
    }


def test_a_refusal_is_answered_by_its_status_code_and_sentence(log: Log) -> None:
    answer = answer_of(raising(Teapot("I am one")))
    assert answer["statusCode"] == 418
    assert error_in(answer) == {"code": "teapot", "message": "I am one", "correlation_id": CORRELATION_ID}
    (line,) = log()
    assert (line["level"], line["code"], line["correlation_id"]) == ("INFO", "teapot", CORRELATION_ID)


def test_a_bug_is_logged_with_its_traceback_and_told_to_nobody(log: Log) -> None:
    answer = answer_of(raising(ZeroDivisionError("password=hunter2")))
    assert answer["statusCode"] == 500
    expected = {"message": "Something went wrong on our side.", "correlation_id": CORRELATION_ID}
    assert error_in(answer) == {"code": "internal_error"} | expected
    (line,) = log()
    assert (line["level"], line["exception_name"]) == ("ERROR", "ZeroDivisionError")
    assert (line["xray_trace_id"], line["correlation_id"]) == (TRACE, CORRELATION_ID)
    assert "Traceback" in line["exception"]
    assert "hunter2" in line["exception"]


def test_a_passing_fault_may_be_tried_again() -> None:
    answer = answer_of(raising(TransientFailure("the secret inside")))
    assert (answer["statusCode"], error_in(answer)["code"]) == (503, "unavailable")
    assert "secret" not in answer["body"]


@pytest.mark.parametrize(
    "malformed",
    [
        None, "text", 200, [], {"statusCode": 200, "body": "x"}, HttpAnswer("200", "x"), HttpAnswer(200, {"a": 1}),
        HttpAnswer(True, "x"), HttpAnswer(200, "x", None), HttpAnswer(200, b"x"),
    ],
    ids=repr,
)  # fmt: skip
def test_a_malformed_answer_is_a_bug(malformed: Any, log: Log) -> None:
    answer = answer_of(lambda _: malformed)
    assert (answer["statusCode"], error_in(answer)["code"]) == (500, "internal_error")
    assert log()[0]["level"] == "ERROR"


@pytest.mark.parametrize("event", [{"a": 1}, {"requestContext": None}, {"requestContext": {}}, ["x"], "x"], ids=repr)
def test_a_malformed_event_is_a_bug_and_has_lambda_s_own_id(event: Any, log: Log) -> None:
    answer = answer_of(lambda _: json_answer(200, {}), event)
    assert (answer["statusCode"], error_in(answer)["correlation_id"]) == (500, Context.aws_request_id)
    assert log()[0]["level"] == "ERROR"


def test_not_even_a_missing_context_gives_anything_else() -> None:
    answer = api_handler(lambda _: json_answer(200, {}))(api_event("api_submit_request"), object())
    assert (answer["statusCode"], error_in(answer)["correlation_id"]) == (500, CORRELATION_ID)


@pytest.mark.parametrize("odd", [{"status": 500, "code": "x"}, {"status": 404}, {"status": "404", "code": "x"}, {
    "status": 404, "code": 7,
}], ids=repr)  # fmt: skip
def test_an_error_that_looks_like_a_refusal_is_none(odd: dict[str, Any]) -> None:
    error = Exception("inside")
    vars(error).update(odd)
    assert answer_of(raising(error))["statusCode"] == 500


def test_errors_may_be_rendered_otherwise() -> None:
    def render(problem: Problem) -> HttpAnswer:
        return HttpAnswer(problem.status, f"<h1>{problem.code}</h1>")

    handlers = {error: answering(render)(raising(error)) for error in (Teapot("I am one"), KeyError("x"))}
    bodies = [handler(api_event("api_decide"), Context())["body"] for handler in handlers.values()]
    assert bodies == ["<h1>teapot</h1>", "<h1>internal_error</h1>"]


def read(**changes: Any) -> HttpRequest:
    return HttpRequest.from_event(api_event("api_submit_request") | changes)


def test_names_of_headers_have_no_case() -> None:
    for name in ("idempotency-key", "IDEMPOTENCY-KEY", "Idempotency-Key"):
        assert read(headers={name: "k"}, multiValueHeaders=None).headers["idempotency-key"] == "k"
        assert read(headers=None, multiValueHeaders={name: ["k"]}).headers["idempotency-key"] == "k"


def test_the_values_of_a_repeated_header_are_joined() -> None:
    assert read(headers={"A": "2"}, multiValueHeaders={"A": ["1", "2"]}).headers["a"] == "1, 2"


@pytest.mark.parametrize("name", ["headers", "multiValueHeaders", "pathParameters", "body"])
def test_what_api_gateway_leaves_empty_is_null(name: str) -> None:
    assert read(**{name: None}).correlation_id == CORRELATION_ID


def test_a_public_route_has_no_caller() -> None:
    http = HttpRequest.from_event(api_event("api_decide"))
    assert (http.caller, http.address) == ("", "203.0.113.7")
    assert http.form() == {"comment": ["Go ahead"], "decision": ["approve"]}


@given(st.text())
def test_any_text_arrives_in_base64_as_it_was(text: str) -> None:
    encoded = b64encode(text.encode(errors="replace")).decode()
    assert read(body=encoded, isBase64Encoded=True).body == text.encode(errors="replace").decode()


@pytest.mark.parametrize("body", ["?", "YQ", b64encode(b"\xff").decode()])
def test_a_body_that_is_no_text_is_refused(body: str) -> None:
    event = api_event("api_submit_request") | {"body": body, "isBase64Encoded": True}
    answer = answer_of(lambda http: json_answer(200, http.body), event)
    assert (answer["statusCode"], error_in(answer)["code"]) == (400, "bad_body")
