"""MarkVolumes: marks a page's volumes that nobody has used for long, and unmarks those that somebody uses again."""

from dataclasses import dataclass
from typing import Any

from shared.context import Context
from shared.handlers import lambda_handler
from shared.operations.acting import Step, act
from shared.operations.adapters import clock
from shared.operations.adapters.plans import read_page
from shared.operations.adapters.workers import worker
from shared.operations.plan import Item
from shared.settings import once
from volume_cleanup.adapters import volumes
from volume_cleanup.domain.checks import check_unattached
from volume_cleanup.domain.planning import DELETE, MARK
from volume_cleanup.domain.rules import Rules


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    bucket: str
    ledger_table: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Take `{"page_key"}`; return how far the page is, and how many of its volumes are to be deleted."""
    page = read_page(settings().bucket, event["page_key"])
    rules, items = Rules.from_document(page.rules), [item for item in page.items if item.action != DELETE]
    there = volumes.found([item.resource_id for item in items])

    def check(item: Item) -> None:
        if item.action == MARK:
            check_unattached(there.get(item.resource_id), rules, clock.now())

    progress = act(worker(settings().ledger_table, page, "CreateTags", context), items, Step(check, _tag))
    return progress.to_document() | {"deletions": len(page.items) - len(items)}


def _tag(item: Item) -> None:
    if item.action == MARK:
        volumes.mark(item.resource_id, item.facts["mark"])
    else:
        volumes.unmark(item.resource_id)
