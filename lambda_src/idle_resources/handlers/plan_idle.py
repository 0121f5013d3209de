"""PlanIdle: looks at all instances and groups, decides about each, and writes the plan before anything is done."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idle_resources.adapters import groups, instances, measurements
from idle_resources.domain.judging import Judge
from idle_resources.domain.planning import decide, to_measure
from idle_resources.domain.rules import Rules
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.operations.adapters import clock, runs
from shared.operations.adapters.plans import Files
from shared.operations.adapters.rules import is_dry_run, read_rules
from shared.operations.plan import Plan
from shared.settings import once

WORKFLOW = "idle_resources"


@dataclass(frozen=True)
class Settings:
    """The function's environment; `workflow` is what stopped instances are signed with."""

    bucket: str
    ledger_table: str
    settings_parameter: str
    workflow: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"execution": …}`, the context object's part; return what the other states need to know of the run."""
    run_id = event["execution"]["Name"]
    try:
        runs.begin(settings().ledger_table, event["execution"]["Id"])
    except (
        runs.AnotherRun
    ) as another:  # a long morning may outlast the schedule's interval: that run sees to everything
        logger.info("left to another run", extra={"run_id": run_id, "reason": str(another)})
        return {"run_id": run_id, "another_run": True}
    document = read_rules(settings().settings_parameter)
    dry_run = is_dry_run(document)
    plan, exceeded = _plan(run_id, document)
    Files(settings().bucket, run_id).write_plan(plan, to_act=not (dry_run or exceeded))
    counts = dict(Counter(item.action for item in plan.items))
    logger.info("the run is planned", extra={"run_id": run_id, "counts": counts, "exceeded": exceeded})
    return {"run_id": run_id, "another_run": False, "counts": counts, "exceeded": exceeded, "dry_run": dry_run}


def _plan(run_id: str, document: Mapping[str, Any]) -> tuple[Plan, list[str]]:
    """Return the plan, and a sentence for each limit that its stops exceed."""
    rules, now = Rules.from_document(document), clock.now()
    found, scaling = instances.listed(), groups.listed()
    measured = to_measure(found, rules, now)
    usage = measurements.usage(measured, rules.idleness.window, now) if rules.idleness else {}
    decisions = decide(Judge(rules, settings().workflow, now, usage.get), found, scaling)
    seen = len(found) + len(scaling)
    plan = Plan(run_id, WORKFLOW, seen, document, decisions.items, decisions.skipped)
    return plan, rules.limits.exceeded(decisions.stops, seen)
