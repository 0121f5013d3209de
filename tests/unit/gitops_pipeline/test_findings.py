"""The gate: what was found is held against thresholds, and a scan that says nothing readable never passes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_pipeline.domain.errors import ScanNotRun
from gitops_pipeline.domain.findings import SHOWN, Scan, judge
from gitops_pipeline.domain.severity import Severity
from gitops_pipeline.handlers import judge_findings
from shared.redaction import redacted
from tests.unit.gitops_pipeline.workflow import RULES, Workflow

KEY = "AKIA" + "ABCDEFGHIJKLMNOP"
PEM = "-----{} RSA PRIVATE " + "KEY-----"
NAMES = list(Severity.__members__)


def finding(severity: str = "HIGH", **changes: Any) -> dict[str, Any]:
    return {"id": "CKV_1", "severity": severity, "what": "open to all", "file": "main.tf", "line": 7} | changes


def test_findings_below_the_threshold_are_counted_and_pass(workflow: Workflow) -> None:
    run = workflow.begin()
    policy = workflow.scan(run, "policy_scan", finding("MEDIUM"), finding("LOW"), finding("LOW"))
    verdict = workflow.judge(run, policy, workflow.scan(run, "secret_scan"))
    assert verdict["verdict"] == "PASSED"
    assert verdict["counts"] == {"policy_scan": {"MEDIUM": 1, "LOW": 2}, "secret_scan": {}}
    assert verdict["findings"] == []
    assert len(workflow.object(verdict["report_key"])["findings"]) == 3


def test_a_finding_of_the_threshold_s_severity_rejects_and_is_told(workflow: Workflow) -> None:
    run = workflow.begin()
    policy = workflow.scan(run, "policy_scan", finding("LOW"), finding("HIGH"))
    verdict = workflow.judge(run, policy, workflow.scan(run, "secret_scan"))
    assert (verdict["verdict"], verdict["stopping"]) == ("REJECTED", 1)
    assert verdict["findings"] == [
        {"scan": "policy_scan", "severity": "HIGH", "what": "CKV_1: open to all", "where": "main.tf:7"}
    ]


def test_no_more_findings_are_passed_on_than_fit_the_worst_first(workflow: Workflow) -> None:
    run = workflow.begin()
    many = [finding("HIGH", line=number) for number in range(50)] + [finding("CRITICAL", what="worse")]
    verdict = workflow.judge(run, workflow.scan(run, "policy_scan", *many), workflow.scan(run, "secret_scan"))
    assert (verdict["stopping"], len(verdict["findings"])) == (51, SHOWN)
    assert verdict["findings"][0]["what"] == "CKV_1: worse"
    assert len(workflow.object(verdict["report_key"])["findings"]) == 51


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{", "unreadable"),
        (b"[" * 100_000, "unreadable"),
        (b"\xff", "unreadable"),
        (b"[]", "not an object"),
        (b'{"findings": []}', "not one: KeyError('tool')"),
        (b'{"tool": "t"}', "not one: KeyError('findings')"),
        (b'{"tool": "t", "findings": {}}', "findings is no list"),
        (b'{"tool": "t", "findings": [1]}', "not one"),
        (json.dumps({"tool": "t", "findings": [finding("SEVERE")]}).encode(), "'SEVERE' is none of INFO"),
        (json.dumps({"tool": "t", "findings": [finding(None)]}).encode(), "None is none of INFO"),  # type: ignore[arg-type]
    ],
)
def test_a_report_that_cannot_be_read_rejects(workflow: Workflow, body: bytes, sentence: str) -> None:
    run = workflow.begin()
    broken = workflow.scan(run, "policy_scan", body=body)
    verdict = workflow.judge(run, broken, workflow.scan(run, "secret_scan"))
    assert verdict["verdict"] == "REJECTED"
    (told,) = verdict["findings"]
    assert sentence in told["what"]
    assert (told["severity"], told["where"]) == ("CRITICAL", "policy_scan:1")


def test_a_report_that_is_missing_another_run_s_or_too_large_rejects(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = workflow.begin()
    good = workflow.scan(run, "secret_scan")
    elsewhere = workflow.scan({"run_id": "another"}, "policy_scan")
    verdict = workflow.judge(run, good, elsewhere)
    assert verdict["verdict"] == "REJECTED"
    assert verdict["findings"][0]["what"] == "the report is missing"
    monkeypatch.setattr(judge_findings, "_LARGEST_REPORT", 10)
    assert "the limit is 10" in workflow.judge(run, good)["findings"][0]["what"] + str(workflow.judge(run, good))


def test_a_build_that_failed_rejects_whatever_its_report_says(workflow: Workflow) -> None:
    run = workflow.begin()
    build = workflow.scan(run, "policy_scan")["build"] | {"BuildStatus": "TIMED_OUT"}
    for cause in (build, {"Build": build}):
        failed = {"name": "policy_scan", "failure": {"Error": "States.TaskFailed", "Cause": json.dumps(cause)}}
        verdict = workflow.judge(run, failed, workflow.scan(run, "secret_scan"))
        assert verdict["findings"] == [
            {
                "scan": "policy_scan",
                "severity": "CRITICAL",
                "what": "the scan's build ended as TIMED_OUT",
                "where": "policy_scan:1",
            }
        ]
        assert verdict["logs"] == {name: f"https://console.aws.amazon.com/{name}" for name in RULES["thresholds"]}


@pytest.mark.parametrize(
    ("scan", "sentence"),
    [
        (
            {"failure": {"Error": "CodeBuild.AccountLimitExceededException", "Cause": "too many"}},
            "policy_scan: CodeBuild.AccountLimitExceededException: too many",
        ),
        ({"failure": {"Error": "States.Timeout", "Cause": ""}}, "policy_scan: States.Timeout: "),
        ({"failure": {"Error": "States.TaskFailed", "Cause": "[]"}}, "policy_scan: States.TaskFailed: []"),
        ({"build": {"Id": "b:1"}}, "policy_scan: Unknown: "),
        ({}, "policy_scan: Unknown: "),
    ],
)
def test_a_scan_whose_build_did_not_end_fails_the_run_and_rejects_no_commit(
    workflow: Workflow, scan: dict[str, Any], sentence: str
) -> None:
    run = workflow.begin()
    with pytest.raises(ScanNotRun) as raised:
        workflow.judge(run, {"name": "policy_scan"} | scan, workflow.scan(run, "secret_scan"))
    assert str(raised.value) == sentence


def test_a_scan_that_was_not_run_or_that_no_threshold_names_rejects(workflow: Workflow) -> None:
    run = workflow.begin()
    assert workflow.judge(run)["findings"][0]["what"] == "the scan was not run"
    scans = [workflow.scan(run, name) for name in ("policy_scan", "secret_scan", "other")]
    assert workflow.judge(run, *scans)["findings"][0]["what"] == "no threshold names this scan"


def test_secrets_in_findings_are_not_passed_on(workflow: Workflow) -> None:
    run = workflow.begin()
    leak = finding("LOW", what=f'assert "{KEY}" == password="hunter2"', file=f"s3://me:{KEY}@host/x")
    verdict = workflow.judge(run, workflow.scan(run, "secret_scan", leak), workflow.scan(run, "policy_scan"))
    shown = json.dumps([verdict, workflow.object(verdict["report_key"])])
    assert KEY not in shown
    assert "hunter2" not in shown
    assert verdict["findings"][0]["what"] == 'CKV_1: assert "***" == password=***'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:s3cr3t@host/x", "https://me:***@host/x"),
        ("db_password = 'a b c' and more", "db_password = *** and more"),
        ("x=ghp_" + "a1" * 18, "x=***"),
        (f"{PEM.format('BEGIN')}\nMIIE\n{PEM.format('END')} rest", "*** rest"),
        ("eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.sig-nature", "***"),
        ("a" * 100_000, "a" * 10_000),
        ("expected 3 rows in main.tf:7, commit 0a1b2c", "expected 3 rows in main.tf:7, commit 0a1b2c"),
    ],
)
def test_what_looks_like_a_secret_is_masked_and_the_rest_stays(text: str, shown: str) -> None:
    assert redacted(text) == shown


@given(
    st.dictionaries(st.sampled_from("abc"), st.lists(st.sampled_from(NAMES), max_size=4)),
    st.dictionaries(st.sampled_from("abc"), st.sampled_from(NAMES), min_size=1),
)
def test_a_run_passes_only_if_each_threshold_has_a_scan_with_nothing_as_bad(
    found: dict[str, list[str]], thresholds: dict[str, str]
) -> None:
    scans = [
        Scan(name, "b:1", "SUCCEEDED", {"tool": "t", "findings": [finding(each) for each in severities]})
        for name, severities in found.items()
    ]
    verdict = judge(scans, {name: Severity.of(severity) for name, severity in thresholds.items()})
    wanted = found.keys() == thresholds.keys() and all(
        NAMES.index(each) < NAMES.index(thresholds[name]) for name, severities in found.items() for each in severities
    )
    assert verdict.passed == wanted
    assert sum(verdict.counts.get("a", {}).values()) >= len(found.get("a", []))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*"ab", *finding()]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(JSON | st.fixed_dictionaries({"tool": st.just("t"), "findings": JSON}))
def test_whatever_a_build_leaves_as_its_report_is_judged(report: object) -> None:
    verdict = judge([Scan("a", "b:1", "SUCCEEDED", report)], {"a": Severity.INFO})
    assert verdict.passed == (isinstance(report, dict) and "tool" in report and report.get("findings") == [])
