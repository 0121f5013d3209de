"""Puts what scanners say into one form for the GitOps pipeline's gate: checkov, pip-audit, JUnit, a scan for secrets.

`python -m scripts.pipeline_report checkov results.json --output report.json`; `… secrets --commit HEAD --output s3://…`
A report that was made ends well, whatever was found: the gate decides. What cannot be read fails, and so does a scanner
that looked at nothing.
"""

import argparse
import json
import math
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

# In the words of the pipeline's gate (`lambda_src/gitops_pipeline/domain/severity.py`; a test holds both together).
SEVERITIES = ("INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL")
RULES = Path(__file__).with_name("secret_rules.toml")
_UNRATED = "HIGH"
_LARGEST_BLOB = 20 << 20
_CLIPPED = 300
_IN_S3 = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>.+)")


class ReportError(Exception):
    """No report can be made; the message says why."""


@dataclass(frozen=True)
class Finding:
    """One thing that a scanner found; `line` is 0 if it is about no line."""

    id: str
    severity: str
    what: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True)
class Rule:
    """What a secret looks like."""

    id: str
    severity: str
    what: str
    pattern: re.Pattern[str]
    allow: re.Pattern[str] | None
    entropy: float

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> "Rule":
        """Read a `[[rule]]`. Raises KeyError, ValueError and re.error."""
        return cls(
            id=document["id"],
            severity=SEVERITIES[SEVERITIES.index(document["severity"])],
            what=document["what"],
            pattern=re.compile(document["pattern"]),
            allow=re.compile(document["allow"]) if "allow" in document else None,
            entropy=float(document.get("entropy", 0)),
        )

    def secrets(self, line: str) -> Iterator[str]:
        """Yield the secrets in a line."""
        for match in self.pattern.finditer(line):
            secret = match.groupdict().get("secret") or match[0]
            if entropy(secret) >= self.entropy and not (self.allow and self.allow.search(secret)):
                yield secret


def checkov(text: str, unrated: str = _UNRATED) -> list[Finding]:
    """Read checkov's JSON: one document, or one for each framework. Raises ReportError.

    checkov knows its checks' severities only with an account at its maker's; the others are `unrated`.
    """
    loaded = _json(text)
    documents = loaded if isinstance(loaded, list) else [loaded]
    if not documents or not all(isinstance(each, dict) and "results" in each for each in documents):
        raise ReportError("checkov looked at nothing: its report has no results")
    return [finding for each in documents for finding in _checkov(each["results"], unrated)]


def pip_audit(text: str, unrated: str = _UNRATED) -> list[Finding]:
    """Read pip-audit's JSON; it does not rate what it finds. Raises ReportError."""
    loaded = _json(text)
    dependencies = loaded.get("dependencies") if isinstance(loaded, dict) else loaded
    if not isinstance(dependencies, list) or not dependencies:
        raise ReportError("pip-audit looked at nothing: its report has no dependencies")
    return [finding for each in dependencies for finding in _dependency(each, unrated)]


def junit(text: str, severity: str = _UNRATED) -> list[Finding]:
    """Read a report of tests in JUnit's XML: each test that failed is a finding. Raises ReportError."""
    try:
        root = ET.fromstring(text)  # noqa: S314  # expat limits the growth of entities; the file is our own build's
    except ET.ParseError as problem:
        raise ReportError(f"the report is no XML: {problem}") from problem
    tests = list(root.iter("testcase"))
    if not tests:
        raise ReportError("no test was run")
    return [finding for test in tests for finding in _failures(test, severity)]


def secrets(repository: Path, commit: str, rules: Path = RULES) -> list[Finding]:
    """Look for secrets in all files of a commit. What is found is told by its kind and length only.

    Raises ReportError.
    """
    known, allowed = load_rules(rules)
    findings = []
    for path, blob in _files(repository, commit):
        if any(pattern.fullmatch(path) for pattern in allowed):
            continue
        if blob is None:
            findings.append(Finding("not-scanned", "INFO", "the file is too large to be scanned", path))
        else:
            findings += _in_file(path, blob.decode(errors="replace"), known)
    return findings


def load_rules(path: Path) -> tuple[list[Rule], list[re.Pattern[str]]]:
    """Return the rules and the patterns of paths that are not scanned. Raises ReportError."""
    try:
        document = tomllib.loads(path.read_text())
        rules = [Rule.from_document(each) for each in document["rule"]]
        return rules, [re.compile(each) for each in document.get("allow", {}).get("paths", [])]
    except (KeyError, OSError, TypeError, ValueError, re.error) as problem:
        raise ReportError(f"{path.name} cannot be used: {problem!r}") from problem


def entropy(text: str) -> float:
    """Return how many bits a character of a text carries, by how often each occurs in it."""
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)


def report(tool: str, findings: Iterable[Finding]) -> dict[str, Any]:
    """Return the report that the pipeline's gate reads."""
    return {"tool": tool, "findings": [asdict(finding) for finding in findings]}


def write(output: str, document: dict[str, Any]) -> None:
    """Write a report into a file, or to `s3://bucket/key`. Raises OSError, ClientError and BotoCoreError."""
    body = json.dumps(document, indent=1).encode()
    if place := _IN_S3.fullmatch(output):
        boto3.client("s3").put_object(Bucket=place["bucket"], Key=place["key"], Body=body)
    else:
        Path(output).write_bytes(body)


def main() -> int:
    """Do what the command line asks; return 0, or 1 after one sentence on standard error."""
    arguments = _parser().parse_args()
    try:
        findings = _find(arguments)
        write(arguments.output, report(arguments.tool, findings))
    except (ReportError, OSError, UnicodeDecodeError, ClientError, BotoCoreError) as error:
        print(error, file=sys.stderr)
        return 1
    counts = Counter(finding.severity for finding in findings)
    print(", ".join(f"{counts[name]} {name}" for name in reversed(SEVERITIES) if counts[name]) or "nothing found")
    return 0


def _find(arguments: argparse.Namespace) -> list[Finding]:
    if arguments.tool == "secrets":
        return secrets(arguments.repository, arguments.commit, arguments.rules)
    readers: dict[str, Callable[[str, str], list[Finding]]] = {
        "checkov": checkov,
        "pip-audit": pip_audit,
        "junit": junit,
    }
    try:
        return readers[arguments.tool](arguments.file.read_text(), arguments.unrated)
    except (AttributeError, KeyError, TypeError) as problem:
        raise ReportError(f"{arguments.file} is no report of {arguments.tool}: {problem!r}") from problem


def _checkov(results: dict[str, Any], unrated: str) -> Iterator[Finding]:
    for check in results["failed_checks"]:
        severity = str(check.get("severity") or "").upper()
        yield Finding(
            id=check["check_id"],
            severity=severity if severity in SEVERITIES else unrated,
            what=_line(f"{check['check_name']} ({check['resource']})"),
            file=str(check["file_path"]).lstrip("/"),
            line=int((check.get("file_line_range") or [0])[0]),
        )
    for path in results.get("parsing_errors", []):
        yield Finding("not-parsed", unrated, "checkov cannot read the file", str(path))


def _dependency(dependency: dict[str, Any], unrated: str) -> Iterator[Finding]:
    name = dependency["name"]
    if "skip_reason" in dependency:
        yield Finding("not-audited", "LOW", _line(f"{name}: {dependency['skip_reason']}"), name)
    for vulnerability in dependency.get("vulns", []):
        fixed = ", ".join(vulnerability.get("fix_versions") or []) or "no version"
        what = f"{name} {dependency['version']} is vulnerable; {fixed} has it fixed"
        yield Finding(vulnerability["id"], unrated, _line(what), name)


def _failures(test: ET.Element, severity: str) -> Iterator[Finding]:
    for problem in (*test.findall("failure"), *test.findall("error")):
        name = ".".join(filter(None, (test.get("classname"), test.get("name"))))
        what = _line(f"{name}: {problem.get('message') or problem.text or 'failed'}")
        line = test.get("line", "0")
        yield Finding(problem.tag, severity, what, test.get("file", ""), int(line) if line.isdecimal() else 0)


def _in_file(path: str, text: str, rules: Iterable[Rule]) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), start=1):
        for rule in rules:
            for secret in rule.secrets(line):
                yield Finding(rule.id, rule.severity, f"{rule.what} ({len(secret)} characters)", path, number)


def _files(repository: Path, commit: str) -> Iterator[tuple[str, bytes | None]]:
    """Yield each file of a commit with its content, without that if it is too large. Raises ReportError."""
    sha = _git(repository, "rev-parse", "--verify", "--end-of-options", f"{commit}^{{commit}}").decode().strip()
    listed = _git(repository, "ls-tree", "-r", "-l", "-z", sha).decode(errors="replace").split("\0")[:-1]
    blobs = {}
    for entry in listed:
        about, _, path = entry.partition("\t")
        _, kind, blob, size = about.split()
        if kind == "blob":  # a submodule is a repository of its own
            blobs[path] = blob if int(size) <= _LARGEST_BLOB else None
    contents = _contents(repository, sorted({blob for blob in blobs.values() if blob}))
    yield from ((path, contents[blob] if blob else None) for path, blob in blobs.items())


def _contents(repository: Path, blobs: list[str]) -> dict[str, bytes]:
    """Return blobs by their names, from one git for all of them: `<name> blob <size>`, a line's end, the content."""
    answer, start, found = _git(repository, "cat-file", "--batch", told="\n".join(blobs).encode()), 0, {}
    for blob in blobs:
        head = answer.index(b"\n", start)
        size = int(answer[start:head].split()[-1])
        found[blob] = answer[head + 1 : head + 1 + size]
        start = head + size + 2
    return found


def _git(repository: Path, *command: str, told: bytes = b"") -> bytes:
    result = subprocess.run(["git", "-C", repository, *command], input=told, capture_output=True, check=False)
    if result.returncode:
        raise ReportError(f"git {command[0]}: {result.stderr.decode(errors='replace').strip()}")
    return result.stdout


def _json(text: str) -> Any:  # noqa: ANN401  # JSON
    try:
        return json.loads(text)
    except (RecursionError, ValueError) as problem:
        raise ReportError(f"the report is no JSON: {problem}") from problem


def _line(text: str) -> str:
    return " ".join(text.split())[:_CLIPPED]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.pipeline_report", description=__doc__)
    tools = parser.add_subparsers(dest="tool", required=True)
    for name, about in (
        ("checkov", "checkov --output=json"),
        ("pip-audit", "pip-audit --format=json"),
        ("junit", "pytest --junitxml"),
    ):
        tool = tools.add_parser(name, help=f"read the report of `{about}`")
        tool.add_argument("file", type=Path, help="what the tool wrote")
        tool.add_argument("--unrated", choices=SEVERITIES, default=_UNRATED, help="what it does not rate (%(default)s)")
        tool.add_argument("--output", required=True, help="a file, or s3://bucket/key")
    scan = tools.add_parser("secrets", help="look for secrets in the files of a commit")
    scan.add_argument("--commit", default="HEAD", help="which commit (%(default)s)")
    scan.add_argument("--repository", type=Path, default=Path(), help="where it is (%(default)s)")
    scan.add_argument("--rules", type=Path, default=RULES, help="what secrets look like (%(default)s)")
    scan.add_argument("--output", required=True, help="a file, or s3://bucket/key")
    return parser


if __name__ == "__main__":
    sys.exit(main())
