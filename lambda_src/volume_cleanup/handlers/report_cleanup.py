"""ReportCleanup: accounts for every volume that the run saw, however it ended."""

from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from shared.handlers import lambda_handler
from shared.observability import logger, metrics
from shared.operations.adapters.ledger import Ledger
from shared.operations.adapters.plans import Files
from shared.operations.adapters.rules import is_dry_run
from shared.operations.report import Report, account
from shared.settings import once
from volume_cleanup.domain.messages import restoring, subject
from volume_cleanup.domain.planning import DELETE
from volume_cleanup.domain.rules import Rules

_MAX_PROBLEM = 1000


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    bucket: str
    ledger_table: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"run_id", "failure"}`, a caught error or {}; write the report; return its numbers and what to tell."""
    files = Files(settings().bucket, event["run_id"])
    plan, failure = files.plan(), event["failure"]
    problem = f"{failure['Error']}: {failure.get('Cause', '')}"[:_MAX_PROBLEM] if failure else ""
    dry_run = is_dry_run(plan.rules)
    entries = account(plan, Ledger(settings().ledger_table, plan.run_id).outcomes(), dry_run=dry_run)
    unpriced = Rules.from_document(plan.rules).unpriced(item.facts.get("type") for item in plan.items)
    report = Report(plan, entries, dry_run, problem, unpriced)
    files.write_report(report, DELETE)
    _count(report)
    logger.info("the run is accounted for", extra={"run_id": plan.run_id, "counts": report.counts})
    text = report.text(DELETE, files.report_url) + restoring(report)
    return {"subject": subject(report), "text": text, "failed": report.failed, "unfinished": report.unfinished}


def _count(report: Report) -> None:
    """Publish what was really done; a dry run has done nothing."""
    done = report.counts.get(f"DONE {DELETE}", 0)
    metrics.add_metric("VolumesDeleted", MetricUnit.Count, done)
    metrics.add_metric("ItemsFailed", MetricUnit.Count, report.failed)
    metrics.add_metric("SavedUsdPerMonth", MetricUnit.Count, 0 if report.dry_run else float(report.saved(DELETE)[1]))
    metrics.flush_metrics()
