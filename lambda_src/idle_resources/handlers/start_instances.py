"""StartInstances: starts what the workflow stopped, in the owners' order, each wave once the one before it runs.

EC2 may take a start back after it has accepted it, for want of a volume's key for example. So what was started is
looked at once more when it should run: https://repost.aws/knowledge-center/kms-iam-ec2-permission
"""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from idle_resources.adapters import instances
from idle_resources.adapters.machines import Looks, Switch
from idle_resources.domain.judging import START
from idle_resources.domain.planning import is_group, page_of
from shared.context import Context
from shared.handlers import lambda_handler
from shared.operations.acting import Progress, Status, Step, Worker, act
from shared.operations.adapters.ledger import Ledger
from shared.operations.adapters.plans import Files
from shared.operations.adapters.workers import worker
from shared.operations.plan import Item, Page, Plan
from shared.settings import once

_LATER = Progress(done=False, wait_seconds=10)


@dataclass(frozen=True)
class Settings:
    """The function's environment; `workflow` is what stopped instances are signed with."""

    bucket: str
    ledger_table: str
    workflow: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Take `{"run_id"}`; return how far the starts are."""
    plan = Files(settings().bucket, event["run_id"]).plan()
    page = page_of(plan, lambda item: item.action == START and not is_group(item))
    busy, looks = worker(settings().ledger_table, page, "StartInstances", context), Looks(plan, settings().workflow)
    switch = Switch(looks, settings().ledger_table, busy.pace)
    progress = _start(page, busy, Step(looks.check, switch.start))
    return (_settle(plan, busy, switch, context) if progress.done else progress).to_document()


def _start(page: Page, busy: Worker, step: Step) -> Progress:
    """Start one wave after the other; done means that nothing is on its way any more."""
    started: list[str] = []
    for _, wave in groupby(page.items, key=lambda item: item.facts["order"]):
        if instances.pending(started):
            return _LATER
        members = list(wave)
        progress = act(busy, members, step)
        if not progress.done:
            return progress
        started += [item.resource_id for item in members]
    return _LATER if instances.pending(started) else Progress(done=True)


def _settle(plan: Plan, busy: Worker, switch: Switch, context: Context) -> Progress:
    """Take the tags off what runs; what EC2 has stopped again has failed."""
    outcomes = Ledger(settings().ledger_table, plan.run_id).outcomes()
    done = {each for each, outcome in outcomes.items() if outcome.status is Status.DONE}
    page = page_of(plan, lambda item: item.action == START and item.resource_id in done and not is_group(item))

    def settle(item: Item) -> None:
        if failure := switch.settle_start(item):
            busy.ledger.settle(item, Status.FAILED, f"EC2 stopped it again: {failure}", {})

    settling = worker(settings().ledger_table, page, "DeleteTags", context, "/started")
    return act(settling, page.items, Step(lambda _item: None, settle))
