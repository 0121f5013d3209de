"""ReportIdle: accounts for every machine that the run saw, and for what the stops that it ended have saved."""

from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from idle_resources.domain.judging import START, STOP
from idle_resources.domain.messages import fingerprint, saved, subject
from idle_resources.domain.rules import Rules
from shared.handlers import lambda_handler
from shared.observability import logger, metrics
from shared.operations.acting import Status
from shared.operations.adapters.ledger import Ledger
from shared.operations.adapters.memory import Memory
from shared.operations.adapters.plans import Files
from shared.operations.adapters.rules import is_dry_run
from shared.operations.report import Report, account
from shared.settings import once

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
    stops = (item for item in plan.items if item.action == STOP)
    unpriced = Rules.from_document(plan.rules).unpriced(kind for item in stops for kind in item.facts["types"])
    report = Report(plan, entries, dry_run, problem, unpriced)
    files.write_report(report, STOP)
    _count(report)
    logger.info("the run is accounted for", extra={"run_id": plan.run_id, "counts": report.counts})
    text = f"{saved(report)} USD were saved by stops that have ended.\n{report.text(STOP, files.report_url)}"
    return {"subject": subject(report), "text": text, "failed": report.failed, "is_news": _is_news(report)}


def _is_news(report: Report) -> bool:
    """Tell whether people should hear of a run: not if it did nothing, or what the last one that they heard of did.

    Runs are frequent, and a dry run would do the same each time. A step that is repeated says the same again.
    """
    memory, found = Memory(settings().ledger_table, "told"), fingerprint(report)
    last, _, run_id = memory.everything().get("report", "").partition(" ")
    if not found or (found == last and run_id != report.plan.run_id):
        return False
    memory.write({"report": f"{found} {report.plan.run_id}"})
    return True


def _count(report: Report) -> None:
    """Publish what was really done; a dry run has done nothing."""
    for action, name in ((STOP, "MachinesStopped"), (START, "MachinesStarted")):
        metrics.add_metric(name, MetricUnit.Count, report.counts.get(f"{Status.DONE} {action}", 0))
    metrics.add_metric("ItemsFailed", MetricUnit.Count, report.failed)
    metrics.add_metric("SavedUsd", MetricUnit.Count, float(saved(report)))
    metrics.flush_metrics()
