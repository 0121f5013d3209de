"""ReadPush: decides what a push leads to: a run that holds the branch's lock, a place in the queue, or nothing."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitops_pipeline.adapters import repository
from gitops_pipeline.adapters.ledger import Ledger
from gitops_pipeline.domain.lock import Answer, Claim, Decision, Lock, decide
from gitops_pipeline.domain.push import Push
from gitops_pipeline.domain.rules import Rules
from gitops_pipeline.domain.run import Run
from shared.backoff import full_jitter
from shared.executions import is_running
from shared.faults import TransientFailure
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.operations.adapters import clock
from shared.operations.adapters.rules import read_rules
from shared.settings import once

_ATTEMPTS = 10


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    ledger_table: str
    settings_parameter: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"execution", "push"}`, the context object's part and the event's detail; return what follows."""
    push, execution = Push.from_detail(event["push"]), event["execution"]
    if push.ignored:
        return _answer(Answer.IGNORED, push.ignored)
    rules = Rules.from_document(read_rules(settings().settings_parameter))
    if push.branch not in rules.branches:
        return _answer(Answer.IGNORED, f"{push.branch} is not deployed anywhere")
    for _, delay in zip(range(_ATTEMPTS), full_jitter(), strict=False):
        if answer := _attempt(push, rules, execution, event["push"]):
            return answer
        time.sleep(delay)
    raise TransientFailure(f"others changed the lock of {push.key} all the time")


def _attempt(
    push: Push, rules: Rules, execution: Mapping[str, Any], detail: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Decide and write; return None if the lock changed meanwhile. Everything is read after the lock."""
    ledger = Ledger(settings().ledger_table, push.key)
    lock = ledger.lock()
    entry = ledger.entry(push.commit)
    if lock.execution == execution["Id"] and entry and entry.run:
        return _answer(Answer.RUN, "this execution holds the lock already", entry.run)
    claim = Claim(
        commit=push.commit,
        previous=push.previous,
        detail=detail,
        execution=execution["Id"],
        status=entry.status if entry else None,
        tip=repository.tip(push.repository, push.branch),
        holder_runs=_runs(lock),
        now=int(clock.now().timestamp()),
        lease_seconds=rules.lease_seconds,
    )
    decision = decide(lock, claim)
    run = _begin(push, rules, execution) if decision.answer is Answer.RUN else None
    if decision.lock and not ledger.write(decision.lock, _changes(decision, claim, run)):
        return None
    return _answer(decision.answer, decision.reason, run)


def _runs(lock: Lock) -> bool:
    return bool(lock.execution) and is_running(lock.execution)


def _begin(push: Push, rules: Rules, execution: Mapping[str, Any]) -> Run:
    return Run.begin(push, rules, execution, repository.authorship(push.repository, push.commit))


def _changes(decision: Decision, claim: Claim, run: Run | None) -> dict[str, dict[str, str]]:
    """Return what changes of which commit; only this push's is known to be this execution's."""
    changes = {commit: {"status": str(status)} for commit, status in decision.statuses.items()}
    if claim.commit in changes:
        changes[claim.commit]["execution"] = claim.execution
    if run:
        changes[claim.commit]["run"] = json.dumps(run.to_document())
    return changes


def _answer(answer: Answer, reason: str, run: Run | None = None) -> dict[str, Any]:
    logger.info("the push is read", extra={"decision": answer, "reason": reason, "run_id": run and run.run_id})
    return {"decision": str(answer), "reason": reason, "run": run and run.to_document()}
