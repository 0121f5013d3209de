"""What scans found, and whether a run may go on with that: a scan that says nothing readable never passes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitops_pipeline.domain.errors import UnreadableReport
from gitops_pipeline.domain.severity import Severity
from shared.redaction import redacted

SHOWN = 20
_CLIPPED = 300


@dataclass(frozen=True)
class Finding:
    """One thing that a scan found; `where` is a file and a line, a resource or a build."""

    scan: str
    severity: Severity
    what: str
    where: str

    def to_document(self) -> dict[str, str]:
        """Return the finding as JSON."""
        return {"scan": self.scan, "severity": self.severity.name, "what": self.what, "where": self.where}


@dataclass(frozen=True)
class Scan:
    """A scan that a build made: how the build ended, and the report it left or why that cannot be read."""

    name: str
    build_id: str
    status: str
    report: object
    problem: str = ""


@dataclass(frozen=True)
class Verdict:
    """Whether the run may go on; `counts` are findings by scan and severity, `stopping` those that stop the run."""

    counts: Mapping[str, Mapping[str, int]]
    stopping: Sequence[Finding]
    findings: Sequence[Finding]

    @property
    def passed(self) -> bool:
        """Tell whether nothing stops the run."""
        return not self.stopping

    def to_document(self) -> dict[str, Any]:
        """Return the verdict for the other steps, with no more findings than fit into a message."""
        return {
            "verdict": "PASSED" if self.passed else "REJECTED",
            "counts": {scan: dict(counts) for scan, counts in self.counts.items()},
            "stopping": len(self.stopping),
            "findings": [finding.to_document() for finding in self.stopping[:SHOWN]],
        }


def judge(scans: Iterable[Scan], thresholds: Mapping[str, Severity]) -> Verdict:
    """Hold what was found against the thresholds; each of their scans must have been run, and no other may have been.

    A finding of the threshold's severity stops the run, as worse ones do.
    """
    by_name = {scan.name: scan for scan in scans}
    troubles = [_trouble(name, "the scan was not run", "") for name in sorted(thresholds.keys() - by_name.keys())]
    stopping, found, counts = list(troubles), list(troubles), {}
    for name, scan in sorted(by_name.items()):
        findings = _findings(scan, known=name in thresholds)
        counts[name] = dict(Counter(finding.severity.name for finding in findings))
        found += findings
        stopping += [each for each in findings if each.severity >= thresholds.get(name, Severity.INFO)]
    return Verdict(counts, _worst_first(stopping), _worst_first(found))


def parse(scan: str, report: object) -> list[Finding]:
    """Return a normalised report's findings, without secrets. Raises `UnreadableReport`."""
    try:
        if not isinstance(report, Mapping) or not isinstance(report["tool"], str):
            raise UnreadableReport("the report is not an object with a tool's name")
        return [_finding(scan, each) for each in _list(report["findings"])]
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise UnreadableReport(f"the report is not one: {problem!r}") from problem


def _findings(scan: Scan, *, known: bool) -> list[Finding]:
    """Return what a scan found, and what is wrong with the scan itself."""
    found = [] if known else [_trouble(scan.name, "no threshold names this scan", scan.build_id)]
    if scan.status != "SUCCEEDED":
        found.append(_trouble(scan.name, f"the scan's build ended as {scan.status}", scan.build_id))
    if scan.problem:
        return [*found, _trouble(scan.name, scan.problem, scan.build_id)]
    try:
        return found + parse(scan.name, scan.report)
    except UnreadableReport as problem:
        return [*found, _trouble(scan.name, str(problem), scan.build_id)]


def _finding(scan: str, document: Mapping[str, Any]) -> Finding:
    place, line = str(document.get("file") or ""), document.get("line")
    return Finding(
        scan=scan,
        severity=Severity.of(document["severity"]),
        what=_shown(f"{document['id']}: {document['what']}"),
        where=_shown(f"{place}:{line}" if line else place),
    )


def _trouble(scan: str, what: str, where: str) -> Finding:
    return Finding(scan, Severity.CRITICAL, _shown(what), where)


def _shown(text: str) -> str:
    """Return a line without secrets; they go before the text is clipped, or half of one might stay."""
    return " ".join(redacted(text).split())[:_CLIPPED]


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("findings is no list")
    return value


def _worst_first(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda each: (-each.severity, each.scan, each.where, each.what))
