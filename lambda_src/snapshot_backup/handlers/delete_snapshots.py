"""DeleteSnapshots: deletes a page's snapshots that no generation needs, each looked at once more right before."""

from typing import Any

from shared.context import Context
from shared.handlers import lambda_handler
from shared.operations.acting import Skip, Step, Vanished, act
from shared.operations.adapters import clock
from shared.operations.adapters.workers import worker
from shared.operations.opt_out import opt_out
from shared.operations.plan import Item
from snapshot_backup.domain.snapshots import KEEP_UNTIL
from snapshot_backup.handlers import environment


@lambda_handler
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Take `{"key"}` of a page; return `{"done", "wait_seconds"}`."""
    page = environment.page_of(event)
    deletions = [item for item in page.items if item.action == "DELETE"]
    equipped = worker(environment.settings().ledger_table, page, "DeleteSnapshot", context)
    return act(equipped, deletions, Step(_check, _do, gone_is_done=True)).to_document()


def _check(item: Item) -> None:
    """See that the snapshot is own, complete and unprotected, and that those which take its place are still good."""
    snapshot = environment.shelf(item.facts["region"]).get(item.resource_id)
    if snapshot is None:
        raise Vanished
    if not snapshot.good:
        raise Skip(f"it is no longer an own, complete snapshot: {snapshot.state}")
    wish = opt_out(snapshot.tags, clock.now(), KEEP_UNTIL)
    if wish.protected:
        raise Skip(wish.reason)
    for region, snapshot_id in item.facts["leans_on"]:
        pillar = environment.shelf(region).get(snapshot_id)
        if pillar is None or not pillar.good:
            raise Skip(f"{snapshot_id}, for which it could go, is no longer good")


def _do(item: Item) -> None:
    environment.shelf(item.facts["region"]).delete(item.resource_id)
