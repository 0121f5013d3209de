"""PlanBackup: takes the workflow for this execution, and plans which volumes are snapshotted together."""

from dataclasses import dataclass
from typing import Any

from shared.handlers import lambda_handler
from shared.observability import logger
from shared.operations.adapters.rules import is_dry_run, read_rules
from shared.operations.adapters.runs import begin
from shared.operations.limits import Limits
from shared.operations.money import Prices
from shared.operations.plan import Item, Plan
from shared.settings import once
from snapshot_backup.adapters import plans, volumes
from snapshot_backup.adapters.snapshots import home_region
from snapshot_backup.domain.errors import BadSettings
from snapshot_backup.domain.rules import Rules
from snapshot_backup.domain.run import Run
from snapshot_backup.domain.volumes import Group, Promised, groups, promised
from snapshot_backup.handlers import environment

WORKERS = 4  # pages at a time, as the core reckons too when the settings do not say


@dataclass(frozen=True)
class Settings:
    """What only this function needs."""

    settings_parameter: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"execution": …}`; return `{"run_id", "slot", "bucket", "pages_key", "workers", "dry_run"}`.

    A slot that is delivered again, or was cut off, goes on with the plan and the settings that it began with.
    """
    run, execution_arn = Run.from_execution(event["execution"]), event["execution"]["Id"]
    begin(environment.settings().ledger_table, execution_arn)
    files = environment.files(run.backup_id)
    plan = plans.find(files) or _plan(run)
    dry_run = is_dry_run(plan.rules)
    files.write_plan(plan, to_act=not dry_run)
    logger.info("the backup is planned", extra={"run_id": plan.run_id, "groups": len(plan.items)})
    return {
        "run_id": plan.run_id,
        "slot": run.slot,
        "bucket": files.bucket,
        "pages_key": files.pages_key,
        "workers": int(plan.rules.get("workers", WORKERS)),
        "dry_run": dry_run,
    }


def _plan(run: Run) -> Plan:
    document = read_rules(settings().settings_parameter)
    _check(document)
    everything = volumes.everything()
    promises = promised(everything, volumes.tagged_instances())
    return Plan(
        run_id=run.backup_id,
        workflow=environment.settings().workflow,
        seen=len(everything),
        rules=document,
        items=tuple(_item(group) for group in groups(promises)),
        skipped=tuple(_skipped(each) for each in promises if not each.volume.usable),
    )


def _check(document: dict[str, Any]) -> None:
    """Read all of the settings, so that a mistake in them is told before anything is done. Raises `BadSettings`."""
    if Rules.from_document(document).copy_region == home_region():
        raise BadSettings("copy_region is the region of the volumes themselves: name another one")
    Prices.from_document(document.get("prices", {}))
    try:
        Limits.from_document(document["limits"])
    except (KeyError, TypeError, ValueError) as problem:
        raise BadSettings(f"limits need max_count, max_gib and max_percent as numbers: {problem}") from problem


def _item(group: Group) -> Item:
    facts = {"volumes": group.volume_ids, "policy": group.policy, "size_gib": group.size_gib}
    return Item(group.home, "SNAPSHOT", f"volumes that ask for a backup: {len(group.promises)}", facts=facts)


def _skipped(promise: Promised) -> tuple[str, str]:
    return promise.volume.volume_id, f"no snapshot can be made of a volume that is {promise.volume.state}"
