"""The scanners' reports in one form: what each of them found is there, and a scanner that looked at nothing fails."""

import json
import subprocess
import sys
import tomllib
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from gitops_pipeline.domain.findings import parse
from gitops_pipeline.domain.severity import Severity
from scripts import pipeline_report
from scripts.pipeline_report import RULES, SEVERITIES, Finding, ReportError, checkov, junit, load_rules, pip_audit
from scripts.pipeline_report import secrets as scan
from shared.redaction import redacted
from tests.support.functions import ENVIRONMENT

ROOT = Path(__file__).parents[3]
# As checkov 3.3.30 and pip-audit 2.9 write it, less what is not read.
CHECKOV: dict[str, Any] = {
    "check_type": "terraform",
    "results": {
        "passed_checks": [],
        "failed_checks": [
            {
                "check_id": "CKV2_AWS_6",
                "severity": None,
                "check_name": "Ensure that S3 bucket has a Public Access block",
                "resource": "aws_s3_bucket.this",
                "file_path": "/modules/main.tf",
                "file_line_range": [1, 3],
            },
            {
                "check_id": "CKV_AWS_1",
                "severity": "low",
                "check_name": "x",
                "resource": "y",
                "file_path": "/a.tf",
                "file_line_range": None,
            },
        ],
        "parsing_errors": ["/scratch/broken.tf"],
    },
    "summary": {"failed": 2, "resource_count": 1},
}
NOTHING = {
    "passed": 0,
    "failed": 0,
    "skipped": 0,
    "parsing_errors": 0,
    "resource_count": 0,
    "checkov_version": "3.3.30",
}
PIP_AUDIT: dict[str, Any] = {
    "dependencies": [
        {"name": "boto3", "version": "1.43.106", "vulns": []},
        {
            "name": "flask",
            "version": "0.5",
            "vulns": [
                {"id": "PYSEC-2019-179", "fix_versions": ["1.0"], "aliases": ["CVE-2019-1010083"], "description": "…"},
                {"id": "PYSEC-2018-66", "fix_versions": [], "aliases": [], "description": "…"},
            ],
        },
        {"name": "ours", "skip_reason": "Dependency not found on PyPI\nand could not be audited"},
    ],
    "fixes": [],
}
JUNIT = """<?xml version="1.0"?><testsuites><testsuite name="pytest">
<testcase classname="tests.test_a" name="test_good" file="tests/test_a.py" line="3" />
<testcase classname="tests.test_a" name="test_bad" file="tests/test_a.py" line="7">
  <failure message="assert 1 == 2">long
text</failure></testcase>
<testcase name="test_broken"><error>no fixture</error></testcase>
<testcase name="test_later"><skipped message="not today" /></testcase>
</testsuite></testsuites>"""
RANDOM = b64encode(sha256(b"a secret for tests").digest()).decode()
# What each rule is there for, in pieces, so that this file has no secret in it.
PLANTED = {
    "aws-access-key": "key = " + "AKIA" + "Z7X2QW9PLMK4JH6T",
    "private-key": "-----BEGIN OPENSSH PRIVATE " + "KEY-----",
    "github-token": "x ghp_" + "aB3" * 12,
    "gitlab-token": "glpat-" + "aB3-" * 6,
    "slack-token": "xoxb-" + "1234567890-" * 2,
    "payment-key": "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "web-token": "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4",
    "slack-webhook": "https://hooks.slack" + ".com/services/T01ABCDEF/B01ABCDEF/" + "aB3dE6gH" * 3,
    "signed-address": "https://prod-1.westeurope.logic.azure.com/workflows/1?v=1&s" + "ig=" + "aB3dE6gH" * 5,
    "decision-link": "https://api.example.com/live/decisions/" + "aB3dE6gH_-1" * 2 + "." + ("aB3dE6gH_-" * 5)[:43],
    "password-in-address": "postgres://app:" + "correcthorse" + "@db/x",
    "assigned-secret": "db_pass" + f'word = "{RANDOM}"',
    "bare-secret": "pushed with to" + f"ken={RANDOM}",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty git repository."""
    git(tmp_path, "init", "-q")
    return tmp_path


def git(repository: Path, *command: str) -> str:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
    result = subprocess.run(["git", *who, *command], cwd=repository, capture_output=True, text=True, check=True)
    return result.stdout.strip()


def commit(repository: Path, **files: str | bytes) -> str:
    for name, content in files.items():
        path = repository / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "x")
    return git(repository, "rev-parse", "HEAD")


def test_checkov_s_findings_are_unrated_unless_it_rates_them() -> None:
    assert checkov(json.dumps(CHECKOV)) == [
        Finding(
            "CKV2_AWS_6",
            "HIGH",
            "Ensure that S3 bucket has a Public Access block (aws_s3_bucket.this)",
            "modules/main.tf",
            1,
        ),
        Finding("CKV_AWS_1", "LOW", "x (y)", "a.tf", 0),
        Finding("not-parsed", "HIGH", "checkov cannot read the file", "/scratch/broken.tf"),
    ]
    assert len(checkov(json.dumps([CHECKOV, CHECKOV]))) == 6
    assert checkov(json.dumps(CHECKOV), "MEDIUM")[0].severity == "MEDIUM"


def test_pip_audit_s_vulnerabilities_and_what_it_left_out_are_findings() -> None:
    expected = [
        Finding("PYSEC-2019-179", "HIGH", "flask 0.5 is vulnerable; 1.0 has it fixed", "flask"),
        Finding("PYSEC-2018-66", "HIGH", "flask 0.5 is vulnerable; no version has it fixed", "flask"),
        Finding("not-audited", "LOW", "ours: Dependency not found on PyPI and could not be audited", "ours"),
    ]
    assert pip_audit(json.dumps(PIP_AUDIT)) == expected
    assert pip_audit(json.dumps(PIP_AUDIT["dependencies"])) == expected


def test_tests_that_failed_are_findings() -> None:
    assert junit(JUNIT) == [
        Finding("failure", "HIGH", "tests.test_a.test_bad: assert 1 == 2", "tests/test_a.py", 7),
        Finding("error", "HIGH", "test_broken: no fixture"),
    ]


@pytest.mark.parametrize(
    ("read", "text", "sentence"),
    [
        (checkov, json.dumps(NOTHING), "looked at nothing"),
        (checkov, "[]", "looked at nothing"),
        (checkov, "", "no JSON"),
        (checkov, "[" * 100_000, "no JSON"),
        (pip_audit, '{"dependencies": []}', "looked at nothing"),
        (pip_audit, '"text"', "looked at nothing"),
        (junit, "<testsuites/>", "no test was run"),
        (junit, "no XML", "no XML"),
    ],
)
def test_a_scanner_that_looked_at_nothing_or_says_nothing_readable_makes_no_report(
    read: Any, text: str, sentence: str
) -> None:
    with pytest.raises(ReportError, match=sentence):
        read(text)


@pytest.mark.parametrize("rule", PLANTED)
def test_a_planted_secret_is_found_and_not_repeated(repository: Path, rule: str) -> None:
    commit(repository, src__settings="fine\n" + PLANTED[rule] + "\n")
    (found,) = scan(repository, "HEAD")
    assert (found.id, found.file, found.line) == (rule, "src/settings", 2)
    assert not any(part in found.what for part in PLANTED[rule].split() if len(part) > 7)


def test_each_rule_has_a_secret_planted_and_knows_a_severity() -> None:
    rules, _ = load_rules(RULES)
    assert [rule.id for rule in rules] == list(PLANTED)
    assert list(Severity.__members__) == list(SEVERITIES)


@pytest.mark.parametrize("rule", [rule for rule in PLANTED if rule != "private-key"])
def test_what_is_found_would_not_be_shown_by_other_scans_either(rule: str) -> None:
    (secret,) = next(found for each in load_rules(RULES)[0] if (found := list(each.secrets(PLANTED[rule]))))
    assert secret not in redacted(PLANTED[rule])


@pytest.mark.parametrize(
    "innocent",
    [
        "AKIA" + "EXAMPLEKEY000001",
        'token = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"',
        '"apiKeySource": "x-amazon-apigateway-api-key-source"',
        "https://user:${password}@host/",
        "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
        "commit 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c",
    ],
)
def test_what_only_looks_like_a_secret_is_let_through(repository: Path, innocent: str) -> None:
    commit(repository, settings=innocent)
    assert scan(repository, "HEAD") == []


def test_the_commit_that_is_named_is_scanned_and_not_the_folder(repository: Path) -> None:
    leaked = commit(repository, settings=PLANTED["aws-access-key"])
    clean = commit(repository, settings="gone", empty="")
    (repository / "settings").write_text(PLANTED["aws-access-key"])
    assert [each.file for each in scan(repository, leaked)] == ["settings"]
    assert scan(repository, clean) == []


def test_binary_files_are_scanned_and_huge_ones_are_named(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(repository, binary=b"\x00\xff\n" + PLANTED["aws-access-key"].encode(), huge=b"x" * 200)
    monkeypatch.setattr(pipeline_report, "_LARGEST_BLOB", 100)
    assert [(each.id, each.severity, each.file) for each in scan(repository, "HEAD")] == [
        ("aws-access-key", "CRITICAL", "binary"),
        ("not-scanned", "INFO", "huge"),
    ]


def test_paths_that_the_rules_allow_are_left_out(repository: Path) -> None:
    commit(repository, **{"a__.terraform.lock.hcl": PLANTED["assigned-secret"], "b": PLANTED["assigned-secret"]})
    assert [each.file for each in scan(repository, "HEAD")] == ["b"]


@pytest.mark.parametrize("wrong", ["no-such-branch", "--all", ""])
def test_a_commit_that_is_none_makes_no_report(repository: Path, wrong: str) -> None:
    commit(repository, a="a")
    with pytest.raises(ReportError, match="git rev-parse"):
        scan(repository, wrong)


@pytest.mark.parametrize(
    "rules", ["", "[[rule]]", '[[rule]]\nid="a"\nseverity="BAD"\nwhat="w"\npattern="("', "rule = 1", "="]
)
def test_rules_that_cannot_be_used_make_no_report(tmp_path: Path, rules: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(rules)
    with pytest.raises(ReportError, match=r"rules\.toml cannot be used"):
        load_rules(path)


def test_this_repository_holds_no_secrets() -> None:
    assert scan(ROOT, "HEAD") == []
    assert tomllib.loads(RULES.read_text())["allow"]["paths"]


def test_the_command_writes_what_the_gate_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "report.json"
    for tool, text, found in (
        ("checkov", json.dumps(CHECKOV), "2 HIGH, 1 LOW"),
        ("pip-audit", json.dumps(PIP_AUDIT), "2 HIGH, 1 LOW"),
        ("junit", JUNIT, "2 HIGH"),
    ):
        (tmp_path / "found").write_text(text)
        monkeypatch.setattr(sys, "argv", ["x", tool, str(tmp_path / "found"), "--output", str(output)])
        assert pipeline_report.main() == 0
        assert capsys.readouterr().out == f"{found}\n"
        assert len(parse("scan", json.loads(output.read_text()))) >= 2


def test_the_command_writes_to_s3_and_says_why_it_cannot(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    commit(repository, a="a")
    command = ["x", "secrets", "--repository", str(repository), "--output", "s3://reports/runs/1/secrets.json"]
    monkeypatch.setattr(sys, "argv", command)
    with mock_aws():
        assert pipeline_report.main() == 1
        assert "NoSuchBucket" in capsys.readouterr().err
        boto3.client("s3").create_bucket(Bucket="reports")
        assert pipeline_report.main() == 0
        assert capsys.readouterr().out == "nothing found\n"
        body = boto3.client("s3").get_object(Bucket="reports", Key="runs/1/secrets.json")["Body"].read()
    assert json.loads(body) == {"tool": "secrets", "findings": []}


@pytest.mark.parametrize("text", ["{}", '{"results": {}}', '{"results": {"failed_checks": [{}]}}', '{"results": 1}'])
def test_a_report_of_another_tool_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (tmp_path / "found").write_text(text)
    monkeypatch.setattr(sys, "argv", ["x", "checkov", str(tmp_path / "found"), "--output", str(tmp_path / "report")])
    assert pipeline_report.main() == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "report").exists()
