"""RollBack: puts the aliases back to the last good versions, with no calls for any other."""

from dataclasses import dataclass
from typing import Any

from gitops_pipeline.adapters import aliases
from gitops_pipeline.adapters.ledger import Ledger
from gitops_pipeline.domain.canary import Routing
from gitops_pipeline.domain.errors import RollBackIncomplete
from gitops_pipeline.domain.lock import Status
from gitops_pipeline.domain.run import Run
from gitops_pipeline.handlers.runs import begun_by
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    ledger_table: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"run"}`, of a stopped run its `{"execution"}`; return the functions that are back, and the run.

    It goes back to what the run noted, if it did: `noted` tells. `ended` tells that there is nothing to do or to say
    for a stopped execution: it was no run, or its end was written before. One alias that cannot be moved does not keep
    the others where they are.
    """
    if event.get("run"):
        return _roll_back(Run.from_document(event["run"]))
    entry = begun_by(settings().ledger_table, event["execution"])
    run = entry.run if entry else None
    if entry and run and entry.status is Status.RUNNING:
        return _roll_back(run)
    return {"rolled_back": [], "noted": False, "ended": True, "run": run and run.to_document()}


def _roll_back(run: Run) -> dict[str, Any]:
    ledger = Ledger(settings().ledger_table, run.key)
    ledger.keep(run)
    versions = ledger.versions()
    noted = versions if versions and versions.run_id == run.run_id else None
    moved, left = [], []
    for function, version in sorted(noted.aliases.items() if noted and not noted.settled else ()):
        try:
            moved += [function] if _put_back(function, version) else []
        except aliases.Refused as problem:
            left.append(f"{function}: {problem}")
    if left:
        raise RollBackIncomplete("; ".join(left))
    ledger.settle(run.run_id)
    logger.info("the aliases are at their last good versions", extra={"run_id": run.run_id, "moved": moved})
    return {"rolled_back": moved, "noted": noted is not None, "ended": False, "run": run.to_document()}


def _put_back(function: str, version: str) -> bool:
    """Return whether the alias had to be moved; that of a function that is gone has not."""
    current, wanted = aliases.current(function), Routing(version, {})
    if current is None or current == wanted:
        return False
    aliases.point(function, wanted)
    return True
