"""TellOutcome: writes how a run ended into the ledger and a report, and says what people are to be told."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gitops_pipeline.adapters import objects
from gitops_pipeline.adapters.ledger import Ledger
from gitops_pipeline.domain import outcome
from gitops_pipeline.domain.errors import UnexpectedEvent
from gitops_pipeline.domain.failure import Failure
from gitops_pipeline.domain.lock import Status
from gitops_pipeline.domain.outcome import Told
from gitops_pipeline.domain.push import Push
from gitops_pipeline.domain.run import Run
from gitops_pipeline.handlers.runs import run_of
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.operations.adapters import clock
from shared.operations.moments import iso
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    bucket: str
    ledger_table: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"run", "execution", "outcome", "facts", "failure"}`; return what to tell and where.

    `facts` are judge_findings' answer as `scans`, `plan`'s summary, `approval`, `durations` in seconds and `links` to
    builds' logs by step, what is `rolled_back` and the error of what is `not_rolled_back`, as far as there are any. A
    run that failed before it was one is told as well; only the ledger has nothing to say of it then. `before` is the
    commit's parent, beside which a comment is seen, "" for a repository's first; `comment_token` lets CodeCommit take a
    comment only once.
    """
    run, status = run_of(settings().ledger_table, event), outcome.outcome_of(event["outcome"])
    facts, failure = event.get("facts") or {}, _failure(event)
    if run:
        _close(run, status)
    told, name = _told(run, event["execution"]), run.run_id if run else str(event["execution"]["Name"])
    key = f"reports/{name}.json"
    objects.write_json(settings().bucket, key, _report(told, run, status, facts, failure))
    logger.info("the run has ended", extra={"run_id": name, "outcome": str(status)})
    places = {what: f"s3://{settings().bucket}/{where}" for what, where in _keys(run, facts, key).items()}
    return {
        "outcome": str(status),
        "subject": outcome.subject(told, status),
        "text": outcome.text(told, status, facts, failure, places),
        "comment": outcome.comment(told, status, facts, failure, places),
        "comment_token": f"{name}-{status}",
        "repository": told.repository,
        "commit": told.commit,
        "before": run.parent if run else _pushed(event["execution"]).previous,
        "report_key": key,
    }


def _close(run: Run, status: Status) -> None:
    """Write the ledger's part; what another execution does with the commit meanwhile is not this run's to say."""
    ledger = Ledger(settings().ledger_table, run.key)
    if not ledger.finish(run.commit, run.execution, status):
        logger.warning("the commit is another execution's by now", extra={"run_id": run.run_id})
    if status is Status.SUCCEEDED:
        ledger.settle(run.run_id)


def _failure(event: Mapping[str, Any]) -> Failure | None:
    return Failure.from_caught(event["failure"]) if event.get("failure") else None


def _told(run: Run | None, execution: Mapping[str, Any]) -> Told:
    if run:
        known = asdict(run)
        return Told(**{name: known[name] for name in Told.__dataclass_fields__})
    push = _pushed(execution)
    return Told(
        repository=push.repository,
        branch=push.branch,
        commit=push.commit,
        environment="",
        author="",
        pusher=push.pusher,
        message="",
        started_at=str(execution.get("StartTime", "")),
        execution=str(execution.get("Id", "")),
    )


def _pushed(execution: Mapping[str, Any]) -> Push:
    try:
        return Push.from_execution(execution)
    except UnexpectedEvent:
        return Push("unknown", "", "", "", "", "", "")


def _keys(run: Run | None, facts: Mapping[str, Any], report: str) -> dict[str, str]:
    """Return where what the run left can be read, by what it is."""
    findings = (facts.get("scans") or {}).get("report_key")
    found = {"All findings": findings} if findings else {}
    planned = {"Whole plan": f"runs/{run.run_id}/plan.txt"} if run and facts.get("plan") else {}
    return found | planned | {"Report": report}


def _report(
    told: Told, run: Run | None, status: Status, facts: Mapping[str, Any], failure: Failure | None
) -> dict[str, Any]:
    return {
        "outcome": str(status),
        "ended_at": iso(clock.now()),
        "told": asdict(told),
        "run": run and run.to_document(),
        "facts": dict(facts),
        "failure": failure and asdict(failure),
    }
