"""A time-out's one reason, from where the time went; and when more time is the wrong cure."""

from typing import Any

import pytest

from scripts.doctor.facts import Call, Caller, Environment, Function, Invocation, Line
from scripts.doctor.findings import Confidence, Fault, Finding
from scripts.doctor.rules.timeouts import findings, split, value_to_set

START = 1_700_000_000.0
API = Caller("the API orders", 29, "the longest that API Gateway waits")


def ran(request_id: str, duration_ms: float, status: str = "success", **facts: Any) -> Invocation:
    report = Line(START, f"REPORT RequestId: {request_id} Duration: {duration_ms} ms", "log group /aws/lambda/load")
    return Invocation(request_id, START, duration_ms, status, report, **{"memory_mb": 512, "peak_mb": 90, **facts})


def timed_out(seconds: int = 10, **facts: Any) -> Invocation:
    return ran("r-late", seconds * 1000, "timeout", **facts)


def call(name: str, after: float, duration_ms: float | None) -> Call:
    return Call(name, START + after, duration_ms, "trace 1-2-3")


def diagnosed(*invocations: Invocation, **settings: Any) -> list[Finding]:
    facts = {"timeout_seconds": 10, "memory_mb": 512, **settings}
    function = Function("load", "arn:load", "arn:role/load", invocations=invocations, **facts)
    return list(findings(Environment("dev", functions=(function,))))


def the_one(*invocations: Invocation, **settings: Any) -> Finding:
    [found] = diagnosed(*invocations, **settings)
    assert found.fault is Fault.TIME_OUT
    return found


def test_a_function_that_never_times_out_is_healthy() -> None:
    assert diagnosed(ran("a", 9_900), ran("b", 300, "error")) == []


def test_a_limit_below_what_the_work_takes_is_raised_to_twice_the_slowest_success() -> None:
    found = the_one(ran("a", 7_200), ran("b", 9_100), timed_out())
    assert (found.cause, found.confidence) == ("limit_too_low", Confidence.LIKELY)
    assert found.fix.terraform == "limits = { timeout_seconds = 19 }"
    assert not found.fix.wrong_cure


def test_a_limit_is_not_raised_over_what_the_caller_waits() -> None:
    found = the_one(ran("a", 18_000), timed_out(20), timeout_seconds=20, callers=(API,))
    assert found.cause == "limit_too_low"
    assert not found.fix.terraform
    assert "the API orders waits 29 s at most" in found.fix.wrong_cure


def test_a_limit_is_not_raised_over_what_lambda_allows() -> None:
    found = the_one(ran("a", 880_000), timed_out(900), timeout_seconds=900)
    assert not found.fix.terraform
    assert "Lambda allows 900 s at most" in found.fix.wrong_cure


def test_a_call_without_an_answer_is_no_reason_for_more_time() -> None:
    found = the_one(ran("a", 200), timed_out(calls=(call("dynamodb:Query", 0.1, 20), call("s3:GetObject", 0.2, None))))
    assert (found.cause, found.confidence) == ("downstream_hangs", Confidence.CERTAIN)
    assert "s3:GetObject" in found.root_cause
    assert "9,800 ms" in found.root_cause
    assert "read_timeout=3" in found.fix.text
    assert "VPC" not in found.fix.text
    assert found.fix.wrong_cure


def test_in_a_vpc_a_call_without_an_answer_points_to_the_network() -> None:
    found = the_one(timed_out(calls=(call("secretsmanager:GetSecretValue", 0.1, None),)), in_network=True)
    assert "endpoint or a route for secretsmanager" in found.fix.text


def test_one_slow_call_among_quick_runs_is_the_callees_fault() -> None:
    found = the_one(ran("a", 300), timed_out(calls=(call("states:StartExecution", 0.5, 8_000),)))
    assert found.cause == "downstream_slow"
    assert found.fix.wrong_cure


def test_many_calls_are_too_much_work_for_the_time() -> None:
    calls = tuple(call("sqs:SendMessage", number * 0.1, 95) for number in range(95))
    found = the_one(timed_out(calls=calls))
    assert found.cause == "too_much_work"
    assert "95 of them sqs:SendMessage" in found.root_cause
    assert found.fix.terraform == "limits = { timeout_seconds = 20 }"


def test_overlapping_calls_count_once() -> None:
    parts = split(timed_out(calls=(call("a:A", 0, 4_000), call("a:A", 2, 4_000), call("a:B", 9, None))))
    assert parts.downstream == pytest.approx(7_000)


def test_a_busy_processor_wants_memory_and_not_time() -> None:
    found = the_one(timed_out(cpu_ms=2_850.0, calls=()))
    assert found.cause == "processor_bound"
    assert found.fix.terraform == "limits = { memory_mb = 1024 }"
    assert found.fix.wrong_cure


def test_a_whole_busy_processor_wants_time() -> None:
    found = the_one(timed_out(cpu_ms=9_800.0, memory_mb=2048, calls=()), memory_mb=2048)
    assert found.cause == "computing"
    assert found.fix.terraform == "limits = { timeout_seconds = 20 }"


def test_no_more_memory_is_proposed_than_a_whole_processor_needs() -> None:
    found = the_one(timed_out(cpu_ms=8_000.0, calls=(), memory_mb=1024), memory_mb=1024)
    assert found.fix.terraform == "limits = { memory_mb = 1769 }"


def test_full_memory_comes_before_what_it_makes_slow() -> None:
    found = the_one(timed_out(peak_mb=510, cpu_ms=2_900.0))
    assert found.cause == "memory_pressure"
    assert found.fix.terraform == "limits = { memory_mb = 1024 }"


def test_a_start_that_takes_most_of_the_time_is_named() -> None:
    found = the_one(timed_out(init_ms=9_400.0))
    assert found.cause == "slow_start"
    assert found.fix.wrong_cure


def test_neither_calls_nor_computing_is_waiting() -> None:
    found = the_one(timed_out(cpu_ms=40.0, calls=()))
    assert found.cause == "waiting"
    assert found.fix.wrong_cure


def test_a_run_far_slower_than_all_others_hangs() -> None:
    found = the_one(ran("a", 120), ran("b", 180), timed_out(lines=(Line(START, "asking the partner", "stream 1"),)))
    assert (found.cause, found.confidence) == ("hangs", Confidence.LIKELY)
    assert found.fix.wrong_cure
    assert found.evidence[-1].text == "asking the partner"


def test_without_any_success_or_record_the_doctor_says_how_little_it_knows() -> None:
    found = the_one(timed_out())
    assert (found.cause, found.confidence) == ("limit_never_enough", Confidence.POSSIBLE)
    assert "downstream calls and computing and waiting not recorded" in found.evidence[1].text


def test_time_outs_of_one_reason_are_one_finding_with_all_their_requests() -> None:
    late = ran("r-2", 10_000, "timeout")
    found = the_one(ran("a", 100), timed_out(), late)
    assert found.symptoms == {"r-late", "r-2"}
    assert "2 of 3 times" in found.root_cause


def test_the_value_leaves_room_over_the_slowest_success() -> None:
    function = Function("load", "arn", "role", 10, 512, invocations=(ran("a", 4_100), ran("b", 2_000)))
    assert value_to_set(function) == 9
