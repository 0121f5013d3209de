"""PlanCleanup: looks at all volumes, decides about each, and writes the whole plan before anything is touched."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.handlers import lambda_handler
from shared.observability import logger
from shared.operations.adapters import clock, runs
from shared.operations.adapters.memory import Memory
from shared.operations.adapters.plans import Files
from shared.operations.adapters.rules import is_dry_run, read_rules
from shared.operations.moments import iso, moment_of
from shared.operations.pace import LOOKUP_EVENTS, Pace
from shared.operations.plan import Plan
from shared.settings import once
from volume_cleanup.adapters import detachments, volumes
from volume_cleanup.domain.detached import sightings
from volume_cleanup.domain.planning import Decisions, decide
from volume_cleanup.domain.rules import Rules
from volume_cleanup.domain.volume import Volume

WORKFLOW = "volume_cleanup"
_LOOKED_UNTIL = "looked-until"
_LATE = timedelta(hours=6)  # events arrive within minutes, as a rule: what the last run missed is looked for again


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    bucket: str
    ledger_table: str
    settings_parameter: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"execution": …}`, the context object's part; return what the other states need to know of the run."""
    run_id, now = event["execution"]["Name"], clock.now()
    runs.begin(settings().ledger_table, event["execution"]["Id"])
    document = read_rules(settings().settings_parameter)
    rules, dry_run = Rules.from_document(document), is_dry_run(document)
    seen = _seen()
    decisions = decide(seen, _since(seen, rules, now), rules, now)
    exceeded = rules.limits.exceeded(decisions.deletions, len(seen))
    plan = Plan(run_id, WORKFLOW, len(seen), document, decisions.items, decisions.skipped)
    files = Files(settings().bucket, run_id)
    pages = files.write_plan(plan, to_act=not (dry_run or exceeded))
    counts = {"seen": len(seen), "items": len(plan.items), "deletions": len(decisions.deletions)}
    logger.info("the run is planned", extra={"run_id": run_id, "counts": counts, "exceeded": exceeded})
    return _answer(files, pages, rules, decisions) | {"exceeded": exceeded, "dry_run": dry_run}


def _seen() -> list[Volume]:
    """Return all volumes; one that is attached between the two listings counts as attached."""
    free, used = volumes.listed("available", "creating", "deleting", "error"), volumes.listed("in-use")
    return list({volume.volume_id: volume for listing in (free, used) for volume in listing}.values())


def _answer(files: Files, pages: int, rules: Rules, decisions: Decisions) -> dict[str, Any]:
    return {
        "run_id": files.run_id,
        "pages_key": files.pages_key,
        "pages": pages,
        "deletions": len(decisions.deletions),
        "workers": rules.workers,
        "looks": rules.looks,
        "look_seconds": rules.look_seconds,
    }


def _since(seen: Iterable[Volume], rules: Rules, now: datetime) -> dict[str, datetime]:
    """Return since when each unattached volume is so, and remember it: in a dry run, too, or no clock would run."""
    table = settings().ledger_table
    memory, last = Memory(table, "seen"), Memory(table, "detachments")
    looked_until = last.everything().get(_LOOKED_UNTIL)
    start = max(now - rules.min_detached, moment_of(looked_until) - _LATE if looked_until else now - rules.min_detached)
    unattached = [volume.volume_id for volume in seen if not volume.attached]
    found = sightings(memory.everything(), unattached, detachments.since(start, Pace(LOOKUP_EVENTS)), now)
    memory.write(found.news)
    memory.forget(found.gone)
    last.write({_LOOKED_UNTIL: iso(now)})
    return dict(found.since)
