"""ReleaseLock: gives the branch's lock back and starts the run that waited for it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitops_pipeline.adapters.executions import start
from gitops_pipeline.adapters.ledger import Ledger
from gitops_pipeline.domain.errors import UnexpectedEvent
from gitops_pipeline.domain.lock import Waiting, release
from gitops_pipeline.domain.push import Push
from gitops_pipeline.domain.run import Run
from shared.backoff import full_jitter
from shared.faults import TransientFailure
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.settings import once

_ATTEMPTS = 10


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    ledger_table: str
    state_machine_arn: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"run", "execution"}`, of a stopped run only the latter; return which push runs next, if any.

    Only the holder releases. Who waits is started under a name of its own, so that doing this again changes nothing.
    """
    key = _key(event)
    if not key:
        return {"released": False, "next": None}
    released, waiting = _release(Ledger(settings().ledger_table, key), event["execution"]["Id"])
    if waiting:
        start(settings().state_machine_arn, waiting.execution_name(key), waiting.detail)
    answer = {"released": released, "next": waiting and {"commit": waiting.commit, "push": dict(waiting.detail)}}
    logger.info("the lock is given back", extra={"branch_key": key, "next": waiting and waiting.commit})
    return answer


def _key(event: Mapping[str, Any]) -> str:
    """Return the ledger's partition; "" if the execution was started with no push, and so can hold no lock."""
    if event.get("run"):
        return Run.from_document(event["run"]).key
    try:
        return Push.from_execution(event["execution"]).key
    except UnexpectedEvent:
        return ""


def _release(ledger: Ledger, execution: str) -> tuple[bool, Waiting | None]:
    """Return whether this execution held the lock, and who waits for a lock that nobody holds now."""
    for _, delay in zip(range(_ATTEMPTS), full_jitter(), strict=False):
        step = release(ledger.lock(), execution)
        if step.lock is None or ledger.write(step.lock, {}):
            return step.lock is not None, step.waiting
        time.sleep(delay)
    raise TransientFailure(f"others changed the lock of {ledger.key} all the time")
