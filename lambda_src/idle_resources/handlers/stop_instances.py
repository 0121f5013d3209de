"""StopInstances: stops instances whose owners had time for a veto; it never ends one for good."""

from dataclasses import dataclass
from typing import Any

from idle_resources.adapters.machines import Looks, Switch
from idle_resources.domain.judging import STOP
from idle_resources.domain.planning import is_group, page_of
from shared.context import Context
from shared.handlers import lambda_handler
from shared.operations.acting import Step, act
from shared.operations.adapters.plans import Files
from shared.operations.adapters.workers import worker
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment; `workflow` is what stopped instances are signed with."""

    bucket: str
    ledger_table: str
    workflow: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Take `{"run_id"}`; return how far the stops are."""
    plan = Files(settings().bucket, event["run_id"]).plan()
    page = page_of(plan, lambda item: item.action == STOP and not is_group(item))
    busy, looks = worker(settings().ledger_table, page, "StopInstances", context), Looks(plan, settings().workflow)
    step = Step(looks.check, Switch(looks, settings().ledger_table, busy.pace).stop)
    return act(busy, page.items, step).to_document()
