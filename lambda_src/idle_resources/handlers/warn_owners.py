"""WarnOwners: writes on machines when they will be stopped, or that they will not, and tells each owner once."""

from dataclasses import dataclass
from typing import Any

from idle_resources.adapters import machines
from idle_resources.domain.judging import UNMARK, WARN
from idle_resources.domain.marks import STALE, STOP_AFTER
from idle_resources.domain.messages import owners, warning
from idle_resources.domain.planning import page_of
from shared.context import Context
from shared.handlers import lambda_handler
from shared.operations.acting import Progress, Step, act
from shared.operations.adapters import topic
from shared.operations.adapters.ledger import Ledger
from shared.operations.adapters.plans import Files
from shared.operations.adapters.workers import worker
from shared.operations.plan import Item, Page, Plan
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment; `workflow` is what stopped instances are signed with."""

    bucket: str
    ledger_table: str
    topic_arn: str
    workflow: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Take `{"run_id"}`; return how far the warnings are."""
    plan = Files(settings().bucket, event["run_id"]).plan()
    progress = _write(plan, context)
    return (_tell(plan, context) if progress.done else progress).to_document()


def _write(plan: Plan, context: Context) -> Progress:
    """Tag what is to be stopped; remove the tags of what is not any more."""
    page = page_of(plan, lambda item: item.action in {WARN, UNMARK})
    looks = machines.Looks(plan, settings().workflow)

    def write(item: Item) -> dict[str, Any]:
        if item.action == UNMARK:
            machines.unmark(item.resource_id, STALE)
            return {}
        after = looks.found(item)[1].facts["stop_after"]
        machines.mark(item.resource_id, {STOP_AFTER: after})
        return {STOP_AFTER: after}

    return act(worker(settings().ledger_table, page, "CreateTags", context), page.items, Step(looks.check, write))


def _tell(plan: Plan, context: Context) -> Progress:
    """Send each owner one message with all that was marked."""
    outcomes = Ledger(settings().ledger_table, plan.run_id).outcomes()
    page = Page(plan.run_id, 0, 1, plan.rules, tuple(owners(plan.items, outcomes)))

    def tell(owner: Item) -> None:
        topic.publish(settings().topic_arn, owner.resource_id, "warning", *warning(owner))

    busy = worker(settings().ledger_table, page, "Publish", context, "/owners")
    return act(busy, page.items, Step(lambda _owner: None, tell))
