"""NotifyOwners: tells each owner once which of their volumes were marked by this run."""

from dataclasses import dataclass
from typing import Any

from shared.context import Context
from shared.handlers import lambda_handler
from shared.operations.acting import Status, Step, act
from shared.operations.adapters import topic
from shared.operations.adapters.ledger import Ledger
from shared.operations.adapters.plans import Files
from shared.operations.adapters.workers import worker
from shared.operations.plan import Item, Page
from shared.settings import once
from volume_cleanup.domain.messages import owners, warning
from volume_cleanup.domain.planning import MARK
from volume_cleanup.domain.rules import Rules


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    bucket: str
    ledger_table: str
    topic_arn: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Take `{"run_id"}`; return how far the telling is."""
    plan = Files(settings().bucket, event["run_id"]).plan()
    rules, outcomes = Rules.from_document(plan.rules), Ledger(settings().ledger_table, plan.run_id).outcomes()
    done = {resource_id for resource_id, outcome in outcomes.items() if outcome.status is Status.DONE}
    marked = [item for item in plan.items if item.action == MARK and item.resource_id in done]
    page = Page(plan.run_id, 0, 1, plan.rules, tuple(owners(marked)))

    def tell(owner: Item) -> None:
        topic.publish(settings().topic_arn, owner.resource_id, "warning", *warning(owner, rules.opt_out_tag))

    busy = worker(settings().ledger_table, page, "Publish", context, "/owners")
    return act(busy, page.items, Step(lambda _owner: None, tell)).to_document()
