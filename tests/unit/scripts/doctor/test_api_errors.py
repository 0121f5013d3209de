"""A failed call's one reason: throttling, permission, time limit, exception, malformed answer."""

from typing import Any

import pytest

from scripts.doctor.facts import Access, Api, ApiCall, Environment, Function, Invocation, Line, Route
from scripts.doctor.findings import Confidence, Fault, Finding
from scripts.doctor.rules.api_errors import findings
from scripts.policies import Policy

AT = 1_700_000_000.0
ALIAS = "arn:aws:lambda:us-east-1:123456789012:function:orders:live"
SOURCE = "arn:aws:execute-api:us-east-1:123456789012:a1/live/GET/orders/*"
ACCESS_LOG = "log group /aws/apigateway/shop"
EXCEPTION = Line(AT, '{"level": "ERROR", "message": "the function failed", "exception": "KeyError"}', "stream 1")


def called(status: int, **facts: Any) -> ApiCall:
    line = Line(AT, f'{{"status": "{status}"}}', ACCESS_LOG)
    return ApiCall("q-1", AT, status, "GET", "/orders/{id}", line, **{"trace_id": "1-a", **facts})


def ran(status: str = "success", duration_ms: float = 40, **facts: Any) -> Invocation:
    report = Line(AT, f"REPORT {status}", "log group /aws/lambda/orders")
    return Invocation("r-1", AT, duration_ms, status, report, **{"trace_id": "1-a", **facts})


def policy(source: str = SOURCE) -> Policy:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": ALIAS,
        "Condition": {"ArnLike": {"AWS:SourceArn": source}},
    }
    return Policy("policy of the alias", {"Statement": [statement]})


def diagnosed(
    *calls: ApiCall, runs: tuple[Invocation, ...] = (), allowed: Policy | None = None, exists: bool = True, **facts: Any
) -> list[Finding]:
    route = Route("GET", "/orders/{id}", ALIAS, SOURCE, function_exists=exists)
    api = Api("shop", "live", "stage live of shop", (route,), calls, requests_per_second=10, burst=20)
    function = Function("orders", ALIAS, "role", 10, 512, invocations=runs, **facts)
    access = Access({}, {ALIAS: allowed or policy()})
    return list(findings(Environment("dev", functions=(function,), apis=(api,), access=access)))


def the_one(*calls: ApiCall, **facts: Any) -> Finding:
    [found] = diagnosed(*calls, **facts)
    assert found.fault is Fault.API_ERROR
    assert found.evidence[0].where == ACCESS_LOG
    return found


@pytest.mark.parametrize("status", [200, 302, 400, 403, 404, 409])
def test_answers_that_callers_deserve_are_healthy(status: int) -> None:
    assert diagnosed(called(status)) == []


def test_a_throttled_stage_gets_the_rate_that_was_asked_for() -> None:
    found = the_one(*[called(429, error="THROTTLED")] * 30, called(200))
    assert (found.cause, found.confidence) == ("stage_throttled", Confidence.CERTAIN)
    assert found.fix.terraform == "throttling = { requests_per_second = 47, burst = 94 }"
    assert found.fix.wrong_cure


def test_a_used_up_quota_is_not_the_stages_fault() -> None:
    assert the_one(called(429, error="QUOTA_EXCEEDED")).cause == "quota_exceeded"


def test_a_function_that_is_gone_is_named() -> None:
    assert the_one(called(500), exists=False).cause == "function_missing"


def test_a_missing_permission_is_told_with_the_statement() -> None:
    found = the_one(called(500, error="API_CONFIGURATION_ERROR"), allowed=policy(SOURCE.replace("/live/", "/old/")))
    assert (found.cause, found.confidence) == ("permission_missing", Confidence.CERTAIN)
    assert found.fix.statement
    assert found.fix.statement["Resource"] == ALIAS
    assert 'qualifier = "live"' in found.fix.terraform


def test_a_function_that_is_refused_for_its_concurrency_is_named() -> None:
    found = the_one(called(500), throttles=4, reserved_concurrency=0)
    assert found.cause == "function_throttled"
    assert found.fix.terraform == "concurrency = { reserved = 10 }"


def test_a_function_slower_than_the_api_waits_is_not_given_more_time() -> None:
    found = the_one(called(504, error="INTEGRATION_TIMEOUT", integration_ms=29_001), runs=(ran("success", 41_000),))
    assert (found.cause, found.confidence) == ("over_limit", Confidence.CERTAIN)
    assert "41,000 ms" in found.root_cause
    assert found.fix.terraform == "limits = { timeout_seconds = 28 }"
    assert found.fix.wrong_cure


def test_a_function_that_timed_out_by_itself_is_a_symptom_of_that() -> None:
    found = the_one(called(502, error="DEFAULT_5XX"), runs=(ran("timeout", 10_000),))
    assert found.cause == "function_timed_out"
    assert found.symptoms == {"r-1"}


def test_an_exception_that_left_the_handler_shows_its_log_line() -> None:
    found = the_one(called(502), runs=(ran("error", error_type="KeyError", lines=(EXCEPTION,)),))
    assert (found.cause, found.confidence) == ("unhandled_exception", Confidence.CERTAIN)
    assert found.evidence[1].text == EXCEPTION.text
    assert "KeyError" in found.root_cause


def test_a_success_that_becomes_502_was_malformed() -> None:
    found = the_one(called(502), runs=(ran(),))
    assert (found.cause, found.confidence) == ("malformed_response", Confidence.CERTAIN)
    assert "json.dumps" in found.fix.text


def test_an_exception_that_was_answered_in_due_form_shows_its_log_line() -> None:
    found = the_one(called(500, integration_status="500"), runs=(ran(lines=(EXCEPTION,)),))
    assert (found.cause, found.confidence) == ("handled_exception", Confidence.CERTAIN)
    assert found.evidence[1].text == EXCEPTION.text


def test_a_busy_service_behind_the_function_is_told() -> None:
    assert the_one(called(503, integration_status="503"), runs=(ran(lines=(EXCEPTION,)),)).cause == "downstream_busy"


def test_without_any_record_the_doctor_does_not_guess() -> None:
    found = the_one(called(502))
    assert (found.cause, found.confidence) == ("unexplained", Confidence.POSSIBLE)
    assert found.symptoms == {"api:q-1"}


def test_what_left_no_record_and_works_again_is_no_finding() -> None:
    later = ApiCall("q-2", AT + 60, 200, "GET", "/orders/{id}", called(200).line)
    assert diagnosed(called(500), later) == []


def test_a_permission_that_is_there_by_now_is_no_finding() -> None:
    assert diagnosed(called(500, error="API_CONFIGURATION_ERROR"), runs=(ran(trace_id=""),)) == []


def test_without_a_trace_the_only_invocation_of_the_time_is_the_one() -> None:
    untraced = called(502, trace_id="", latency_ms=50)
    assert the_one(untraced, runs=(ran(trace_id=""),)).cause == "malformed_response"
    assert the_one(untraced, runs=(ran(trace_id=""), ran(trace_id=""))).cause == "unexplained"


def test_calls_of_one_route_and_reason_are_one_finding() -> None:
    found = the_one(called(502), called(502), runs=(ran(),))
    assert "2 times" in found.root_cause
