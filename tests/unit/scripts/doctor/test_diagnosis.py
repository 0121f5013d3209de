"""One cause for each symptom, nothing that was mended, and a report that people and machines can read."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from scripts.doctor.diagnosis import diagnose, one_cause_each
from scripts.doctor.facts import (
    Api,
    ApiCall,
    Attempt,
    Denial,
    Environment,
    Execution,
    Function,
    Invocation,
    Line,
    Route,
    StateMachine,
)
from scripts.doctor.findings import Confidence, Evidence, Fault, Finding, Fix
from scripts.doctor.report import as_json, show

AT = 1_700_000_000.0
ALIAS = "arn:aws:lambda:us-east-1:123456789012:function:orders:live"
REPORT = Line(AT, "REPORT", "log group /aws/lambda/orders")
DENIAL = (
    "User: arn:aws:sts::123456789012:assumed-role/orders/orders is not authorized to perform: dynamodb:GetItem on "
    "resource: arn:aws:dynamodb:us-east-1:123456789012:table/orders because no identity-based policy allows it"
)


def finding(fault: Fault, *symptoms: str) -> Finding:
    evidence = (Evidence("log group x", "line [1]"),)
    fix = Fix("Mend it.", statement={"Effect": "Allow"}, add_to="the policy of x", wrong_cure="Not so.")
    return Finding(fault, "cause", "x", "x fails", evidence, fix, Confidence.LIKELY, frozenset(symptoms))


def api(status: int, **facts: str) -> Api:
    route = Route("GET", "/orders", ALIAS, "arn:aws:execute-api:us-east-1:123456789012:a1/live/GET/orders")
    call = ApiCall("q-1", AT, status, "GET", "/orders", Line(AT, "{}", "access log"), trace_id="1-a", **facts)
    return Api("shop", "live", "stage live", (route,), (call,))


def orders(status: str, **facts: float) -> Function:
    run = Invocation("r-1", AT, 10_000, status, REPORT, memory_mb=512, trace_id="1-a", error_type="ClientError")
    return Function("orders", ALIAS, "role", 10, 512, invocations=(run,), **facts)


def test_what_a_deeper_cause_explains_is_evidence_of_it() -> None:
    [kept, other] = one_cause_each(
        [finding(Fault.ACCESS_DENIED, "a", "b"), finding(Fault.API_ERROR, "a"), finding(Fault.API_ERROR, "b", "c")]
    )
    assert [each.where for each in kept.evidence] == ["log group x", "seen there, too: x"]
    assert other.symptoms == {"c"}


def test_an_api_behind_a_time_out_is_no_finding_of_its_own() -> None:
    [found] = diagnose(Environment("dev", functions=(orders("timeout"),), apis=(api(502),)))
    assert found.fault is Fault.TIME_OUT
    assert "GET /orders" in found.evidence[-1].where


def test_an_api_behind_a_refusal_is_no_finding_of_its_own() -> None:
    denial = Denial(DENIAL, "log group /aws/lambda/orders", "r-1")
    [found] = diagnose(Environment("dev", functions=(orders("error"),), apis=(api(502),), denials=(denial,)))
    assert found.fault is Fault.ACCESS_DENIED


def test_retries_of_a_refused_call_are_no_finding_of_their_own() -> None:
    task = {"Type": "Task", "End": True, "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 3}]}
    attempts = tuple(Attempt("Load", "AccessDeniedException", DENIAL, AT, number) for number in range(4))
    execution = Execution("arn:run", "FAILED", AT, attempts, {"Load": 1})
    machine = StateMachine("etl", "arn:etl", {"StartAt": "Load", "States": {"Load": task}}, (execution,))
    [alone] = diagnose(Environment("dev", machines=(machine,)))
    assert alone.fault is Fault.RETRY_LOOP
    [found] = diagnose(Environment("dev", machines=(machine,), denials=(Denial(DENIAL, "event 3", "arn:run"),)))
    assert found.fault is Fault.ACCESS_DENIED


def test_what_happened_before_the_last_change_is_history() -> None:
    assert diagnose(Environment("dev", functions=(orders("timeout", updated=AT + 1),))) == []


def test_machines_read_json() -> None:
    told = json.loads(as_json("dev", [finding(Fault.TRIGGER, "b", "a")], ["no traces"]))
    assert (told["healthy"], told["unread"]) == (False, ["no traces"])
    [found] = told["findings"]
    assert (found["fault"], found["confidence"], found["symptoms"]) == ("trigger", "likely", ["a", "b"])
    assert json.loads(as_json("dev", [], []))["healthy"]


def told(*findings: Finding, unread: tuple[str, ...] = ()) -> str:
    console = Console(file=StringIO(), soft_wrap=True, highlight=False)
    show(console, "dev", findings, unread)
    text = console.file
    assert isinstance(text, StringIO)
    return text.getvalue()


def test_people_read_cause_evidence_and_cure() -> None:
    text = told(finding(Fault.TRIGGER))
    for part in ("1. Trigger x", "x fails", "line [1] [log group x]", "Mend it.", "Not so.", "likely: the evidence"):
        assert part in text


@pytest.mark.parametrize(
    ("line", "read"),
    [
        (
            {"message": "it failed", "exception": "Traceback\n  File x\nKeyError: 'id'", "level": "ERROR"},
            "it failed: KeyError: 'id'",
        ),
        ({"errorType": "KeyError", "errorMessage": "'id'", "stackTrace": ["File x"]}, "KeyError: 'id'"),
        ({"status": "500"}, '{"status": "500"}'),
        (["a", "list"], '["a", "list"]'),
    ],
)
def test_people_read_what_an_error_says_without_its_stack(line: object, read: str) -> None:
    seen = replace(finding(Fault.TRIGGER), evidence=(Evidence("log group x", json.dumps(line)),))
    assert f"evidence   {read} [log group x]" in told(seen)
    assert json.dumps(line) == json.loads(as_json("dev", [seen], []))["findings"][0]["evidence"][0]["text"]


def test_people_read_that_all_is_well_and_what_was_not_looked_at() -> None:
    text = told(unread=("the bucket lake: AccessDenied",))
    assert "dev is healthy" in text
    assert "Not looked at: the bucket lake: AccessDenied" in text
