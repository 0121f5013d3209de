"""ScaleGroups: scales Auto Scaling groups to their off-hours size, and back to exactly the size they had."""

from dataclasses import dataclass
from typing import Any

from idle_resources.adapters.machines import Looks, Switch
from idle_resources.domain.judging import START, STOP
from idle_resources.domain.planning import is_group, page_of
from shared.context import Context
from shared.handlers import lambda_handler
from shared.operations.acting import Step, act
from shared.operations.adapters.plans import Files
from shared.operations.adapters.workers import worker
from shared.operations.plan import Item
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
    """Take `{"run_id"}`; return how far the scaling is. The pace is that of tags: Auto Scaling publishes none."""
    plan = Files(settings().bucket, event["run_id"]).plan()
    page = page_of(plan, lambda item: item.action in {START, STOP} and is_group(item))
    busy, looks = worker(settings().ledger_table, page, "CreateTags", context), Looks(plan, settings().workflow)
    switch = Switch(looks, settings().ledger_table, busy.pace)

    def scale(item: Item) -> dict[str, Any]:
        return switch.start(item) if item.action == START else switch.stop(item)

    return act(busy, page.items, Step(looks.check, scale)).to_document()
