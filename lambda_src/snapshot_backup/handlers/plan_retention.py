"""PlanRetention: decides about every snapshot of both regions, and whether as many deletions are within the limits."""

from decimal import Decimal
from typing import Any

from shared.handlers import lambda_handler
from shared.observability import logger
from shared.operations.adapters import clock
from shared.operations.adapters.rules import is_dry_run
from shared.operations.limits import Limits
from shared.operations.moments import iso
from shared.operations.money import Prices
from shared.operations.opt_out import opt_out
from shared.operations.plan import Item, Plan
from snapshot_backup.adapters import plans
from snapshot_backup.domain.keeping import Decision, Stock
from snapshot_backup.domain.rules import Rules
from snapshot_backup.domain.run import Run
from snapshot_backup.domain.snapshots import KEEP_UNTIL, Snapshot
from snapshot_backup.handlers import environment

SNAPSHOT_PRICE = "snapshot"


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"execution": …}`; return `{"run_id", "pages_key", "within_limits", "exceeded"}`."""
    run = Run.from_execution(event["execution"])
    files = environment.files(run.keeping_id)
    plan = plans.find(files) or _plan(run)
    over = exceeded(plan)
    files.write_plan(plan, to_act=not over and not is_dry_run(plan.rules))
    logger.info("the retention is planned", extra={"run_id": plan.run_id, "items": len(plan.items), "over": over})
    return {"run_id": plan.run_id, "pages_key": files.pages_key, "within_limits": not over, "exceeded": over}


def exceeded(plan: Plan) -> list[str]:
    """Return the limits that the plan's deletions exceed; copies take nothing away."""
    deletions = [item for item in plan.items if item.action == "DELETE"]
    return Limits.from_document(plan.rules["limits"]).exceeded(deletions, plan.seen)


def _plan(run: Run) -> Plan:
    begun = environment.files(run.backup_id).plan()
    rules, price = Rules.from_document(begun.rules), Prices.from_document(begun.rules.get("prices", {}))
    shelves = [environment.home(), *([environment.shelf(rules.copy_region)] if rules.copy_region else [])]
    snapshots = [each for shelf in shelves for each in shelf.everything()]
    policies = {each.volume.volume_id: each.policy for each in environment.asking()}
    decisions = list(Stock(snapshots, rules, policies, _protected(snapshots)).decisions())
    return Plan(
        run_id=run.keeping_id,
        workflow=environment.settings().workflow,
        seen=len(snapshots),
        rules=begun.rules,
        items=tuple(_item(each, price.of(SNAPSHOT_PRICE)) for each in decisions if each.action != "KEEP"),
        skipped=tuple((each.snapshot.snapshot_id, each.reason) for each in decisions if each.action == "KEEP"),
    )


def _protected(snapshots: list[Snapshot]) -> dict[str, str]:
    now = clock.now()
    found = {each.snapshot_id: opt_out(each.tags, now, KEEP_UNTIL) for each in snapshots}
    return {snapshot_id: wish.reason for snapshot_id, wish in found.items() if wish.protected}


def _item(decision: Decision, price: Decimal) -> Item:
    """Return what is to be done; a deletion saves the volume's size at most, as snapshots share what did not change."""
    snapshot, saves = decision.snapshot, decision.action == "DELETE"
    facts = {
        "region": snapshot.region,
        "volume": snapshot.volume_id,
        "taken_at": iso(snapshot.taken_at),
        "leans_on": [[each.region, each.snapshot_id] for each in decision.leans_on],
    }
    gib = snapshot.size_gib if saves else 0
    return Item(snapshot.snapshot_id, decision.action, decision.reason, gib, gib * price, facts)
