"""CopySnapshots: copies a page's snapshots to the second region, each of them once."""

from typing import Any

from shared.context import Context
from shared.handlers import lambda_handler
from shared.operations.acting import Progress, Skip, Step, Vanished, act
from shared.operations.adapters.workers import worker
from shared.operations.plan import Item
from snapshot_backup.adapters.snapshots import RegionIsFull
from snapshot_backup.domain.rules import Rules
from snapshot_backup.handlers import environment

_WAIT_SECONDS = 60


@lambda_handler
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Take `{"key"}` of a page; return `{"done", "wait_seconds"}`."""
    page = environment.page_of(event)
    rules, near = Rules.from_document(page.rules), environment.home()
    far = environment.shelf(rules.copy_region)

    def check(item: Item) -> None:
        if near.get(item.resource_id) is None:
            raise Vanished
        if there := [each.snapshot_id for each in far.copies_of(item.resource_id) if each.state != "error"]:
            raise Skip(f"copied already: {', '.join(there)}")

    def do(item: Item) -> dict[str, Any]:
        source = near.get(item.resource_id)
        if source is None or not source.good:
            raise Skip("it is no longer complete")
        return {"copy": far.copy_here(source, rules.copy_key)}

    copies = [item for item in page.items if item.action == "COPY"]
    equipped = worker(environment.settings().ledger_table, page, "CopySnapshot", context)
    try:
        return act(equipped, copies, Step(check, do)).to_document()
    except RegionIsFull:
        return Progress(done=False, wait_seconds=_WAIT_SECONDS).to_document()
