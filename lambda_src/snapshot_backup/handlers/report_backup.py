"""ReportBackup: accounts for every volume and snapshot of a run, and measures whether the promises are kept."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from shared.handlers import lambda_handler
from shared.observability import logger, metrics
from shared.operations.adapters import clock
from shared.operations.adapters.ledger import Ledger
from shared.operations.adapters.rules import is_dry_run
from shared.operations.plan import Plan
from shared.operations.report import Entry, Outcome, Report, account
from snapshot_backup.adapters import plans
from snapshot_backup.domain.promises import Promise, look
from snapshot_backup.domain.rules import Rules
from snapshot_backup.domain.run import Run
from snapshot_backup.handlers import environment
from snapshot_backup.handlers.plan_retention import SNAPSHOT_PRICE, exceeded

_SAVING = "DELETE"


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"execution": …, "failure"}`, the failure as caught or null; return what is to be told.

    The answer is `{"run_id", "status", "subject", "text", "report"}`.
    """
    run = Run.from_execution(event["execution"])
    begun = [plan for plan in (plans.find(environment.files(each)) for each in (run.backup_id, run.keeping_id)) if plan]
    over = [sentence for plan in begun if plan.run_id == run.keeping_id for sentence in exceeded(plan)]
    promises = _promises(begun)
    report = _report(run, begun, promises, _problem(event.get("failure"), over))
    files = environment.files(run.backup_id)
    files.write_report(report, _SAVING)
    _measure(report, promises, known=bool(begun))
    logger.info("the run is accounted for", extra={"run_id": run.backup_id, "counts": report.counts})
    broken = sum(bool(each.broken) for each in promises)
    status = "FAILED" if event.get("failure") else "LIMITS_EXCEEDED" if over else "SUCCEEDED"
    return {
        "run_id": run.backup_id,
        "status": status,
        "subject": f"Backup of {run.slot}: {status}, failed: {report.failed}, broken promises: {broken}",
        "text": report.text(_SAVING, files.report_url),
        "report": files.report_url,
    }


def _promises(begun: list[Plan]) -> list[Promise]:
    """Hold what is there now against what the run's settings promise; without a plan nobody knows the settings."""
    if not begun:
        return []
    policies = Rules.from_document(begun[0].rules).policies
    return look(environment.asking(), environment.home().everything(), policies, clock.now())


def _report(run: Run, begun: list[Plan], promises: list[Promise], problem: str) -> Report:
    whole = Plan(
        run_id=run.backup_id,
        workflow=environment.settings().workflow,
        seen=sum(plan.seen for plan in begun),
        rules=begun[0].rules if begun else {},
        items=tuple(item for plan in begun for item in plan.items),
        skipped=tuple(left for plan in begun for left in plan.skipped),
    )
    dry_run = bool(begun) and is_dry_run(whole.rules)
    entries = account(whole, _outcomes(begun), dry_run=dry_run) + [_entry(each) for each in promises]
    unpriced = [] if SNAPSHOT_PRICE in whole.rules.get("prices", {}) else [SNAPSHOT_PRICE]
    return Report(whole, entries, dry_run, problem, unpriced)


def _outcomes(begun: list[Plan]) -> dict[str, Outcome]:
    table, found = environment.settings().ledger_table, dict[str, Outcome]()
    for plan in begun:
        found |= Ledger(table, plan.run_id).outcomes()
    return found


def _entry(promise: Promise) -> Entry:
    kept = f"{promise.hours:.1f} hours old, policy {promise.policy}"
    outcome = "PROMISE_BROKEN" if promise.broken else "PROMISE_KEPT"
    return Entry(promise.volume_id, outcome, promise.broken or kept, facts=promise.to_document())


def _problem(failure: Mapping[str, Any] | None, over: list[str]) -> str:
    """Say why a run ended early: a function's cause is a JSON document with the message inside."""
    if not failure:
        return "; ".join(over)
    cause = str(failure.get("Cause") or "")
    with suppress(KeyError, TypeError, ValueError):  # a text of Step Functions' own is the cause as it stands
        cause = json.loads(cause)["errorMessage"]
    return f"{failure.get('Error') or 'Unknown'}: {cause}"


def _measure(report: Report, promises: list[Promise], *, known: bool) -> None:
    """Count; promises that nobody could look at are not counted as kept."""
    if known:
        hours = max((each.hours for each in promises), default=0.0)
        metrics.add_metric("OldestGoodSnapshotHours", MetricUnit.NoUnit, hours)
        metrics.add_metric("BrokenPromises", MetricUnit.Count, sum(bool(each.broken) for each in promises))
    metrics.add_metric("FailedItems", MetricUnit.Count, report.failed)
    metrics.flush_metrics()
