"""Tells the findings: to people in the terminal, to machines as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from scripts.doctor.findings import Confidence, Evidence, Fault, Finding

TITLES = {
    Fault.TIME_OUT: "Time-out",
    Fault.ACCESS_DENIED: "AccessDenied",
    Fault.RETRY_LOOP: "Retry loop",
    Fault.TRIGGER: "Trigger",
    Fault.API_ERROR: "API error",
}
MEANINGS = {
    Confidence.CERTAIN: "the service itself says so",
    Confidence.LIKELY: "the evidence fits this cause alone",
    Confidence.POSSIBLE: "other causes cannot be ruled out",
}


def as_json(environment: str, findings: Sequence[Finding], unread: Sequence[str]) -> str:
    """Return one JSON document with all findings, and what could not be looked at."""
    listed = [
        {**asdict(finding), "fault": finding.fault.name.lower(), "symptoms": sorted(finding.symptoms)}
        for finding in findings
    ]
    document = {"environment": environment, "healthy": not findings, "findings": listed, "unread": list(unread)}
    return json.dumps(document, indent=2)


def show(console: Console, environment: str, findings: Sequence[Finding], unread: Sequence[str]) -> None:
    """Print findings for people, each with its evidence and its cure, and what could not be looked at."""
    for number, finding in enumerate(findings, 1):
        _show(console, number, finding)
    for sentence in unread:
        console.print(f"[yellow]Not looked at:[/] {escape(sentence)}")
    if not findings:
        console.print(f"[green]{escape(environment)} is healthy:[/] none of the five classic faults was found.")


def _show(console: Console, number: int, finding: Finding) -> None:
    console.print(
        f"[bold red]{number}. {TITLES[finding.fault]}[/] [bold]{escape(finding.subject)}[/] ({finding.cause})"
    )
    _line(console, "cause", finding.root_cause)
    for evidence in finding.evidence:
        _line(console, "evidence", _quoted(evidence))
    _line(console, "fix", finding.fix.text)
    _line(console, "terraform", finding.fix.terraform)
    if finding.fix.statement:
        _line(console, "statement", f"{json.dumps(finding.fix.statement)} (to {finding.fix.add_to})")
    _line(console, "not", finding.fix.wrong_cure)
    _line(console, "confidence", f"{finding.confidence}: {MEANINGS[finding.confidence]}")
    console.print()


def _line(console: Console, name: str, text: str) -> None:
    if text:
        console.print(Text(f"   {name:<11}", style="cyan") + Text(text))


def _quoted(evidence: Evidence) -> str:
    return f"{_readable(evidence.text.strip())} [{evidence.where}]"


def _readable(text: str) -> str:
    """Return what a log line of an error says, without its stack; any other text as it is."""
    try:
        line = json.loads(text)
    except ValueError:
        return text
    match line:
        case {"message": message, "exception": str(stack)}:
            return f"{message}: {stack.strip().rpartition('\n')[2]}"
        case {"errorType": kind, "errorMessage": message}:
            return f"{kind}: {message}"
    return text
