"""JudgeFindings: reads what the scans found and holds it against the thresholds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitops_pipeline.adapters import objects
from gitops_pipeline.domain.build import Build
from gitops_pipeline.domain.errors import ScanNotRun
from gitops_pipeline.domain.failure import Failure
from gitops_pipeline.domain.findings import Scan, judge
from gitops_pipeline.domain.run import Run
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.settings import once

_LARGEST_REPORT = 4 << 20


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    bucket: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"run", "scans": [{"name", "build"} or {"name", "failure"}]}`; return the verdict, its report, the logs.

    `failure` is what Step Functions caught. A build that ended, however badly, is judged, as the commit may be why.
    Raises `ScanNotRun` for one that did not: that is never the commit's fault.
    """
    run = Run.from_document(event["run"])
    builds = {str(scan["name"]): _build(scan) for scan in event["scans"]}
    verdict = judge((_scan(run, name, build) for name, build in builds.items()), run.severities)
    report_key = f"runs/{run.run_id}/findings.json"
    found = [finding.to_document() for finding in verdict.findings]
    objects.write_json(settings().bucket, report_key, verdict.to_document() | {"findings": found})
    logs = {name: build.log for name, build in builds.items() if build.log}
    answer = verdict.to_document() | {"report_key": report_key, "logs": logs}
    logger.info("the scans are judged", extra={"run_id": run.run_id, "verdict": answer["verdict"]})
    return answer


def _build(scan: Mapping[str, Any]) -> Build:
    failure = scan.get("failure") or {}
    build = Build.from_cause(str(failure.get("Cause"))) if failure else Build.from_document(scan.get("build"))
    if build is None:
        reason = Failure.from_caught(failure)
        raise ScanNotRun(f"{scan['name']}: {reason.error}: {reason.cause}")
    return build


def _scan(run: Run, name: str, build: Build) -> Scan:
    """Return a scan with its report, or with the reason why there is none to read."""
    report, problem = None, ""
    try:
        report = json.loads(objects.read(settings().bucket, f"runs/{run.run_id}/reports/{name}.json", _LARGEST_REPORT))
    except objects.Missing:
        problem = "the report is missing"
    except (objects.TooLarge, RecursionError, ValueError) as unreadable:
        problem = f"the report is unreadable: {unreadable}"
    return Scan(name, build.build_id, build.status, report, problem)
