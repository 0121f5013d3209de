"""Finds the run that a step is about: the machine knows it, unless it speaks for an execution that was stopped."""

from collections.abc import Mapping
from typing import Any

from gitops_pipeline.adapters.ledger import Entry, Ledger
from gitops_pipeline.domain.errors import UnexpectedEvent
from gitops_pipeline.domain.push import Push
from gitops_pipeline.domain.run import Run


def run_of(table: str, event: Mapping[str, Any]) -> Run | None:
    """Return `event`'s run, or the one that its execution began; None if that never began one."""
    if event.get("run"):
        return Run.from_document(event["run"])
    entry = begun_by(table, event["execution"])
    return entry.run if entry else None


def begun_by(table: str, execution: Mapping[str, Any]) -> Entry | None:
    """Return what the ledger says of the commit that an execution took; None if it took none."""
    try:
        push = Push.from_execution(execution)
    except UnexpectedEvent:
        return None
    entry = Ledger(table, push.key).entry(push.commit) if push.commit else None
    return entry if entry and entry.execution == execution["Id"] else None
