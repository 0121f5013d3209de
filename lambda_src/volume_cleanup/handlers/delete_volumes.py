"""DeleteVolumes: deletes the volumes of a page whose snapshot is completed, after a last look at each."""

from dataclasses import dataclass
from typing import Any

from shared.context import Context
from shared.handlers import lambda_handler
from shared.operations.acting import Skip, Step, Vanished, act
from shared.operations.adapters import clock
from shared.operations.adapters.ledger import Ledger
from shared.operations.adapters.plans import read_page
from shared.operations.adapters.workers import worker
from shared.operations.plan import Item
from shared.settings import once
from volume_cleanup.adapters import volumes
from volume_cleanup.domain.checks import check_marked, check_snapshot, check_unattached
from volume_cleanup.domain.planning import DELETE, SNAPSHOTS
from volume_cleanup.domain.rules import Rules


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    bucket: str
    ledger_table: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Take `{"page_key"}`; return how far the page is."""
    page = read_page(settings().bucket, event["page_key"])
    rules, items = Rules.from_document(page.rules), [item for item in page.items if item.action == DELETE]
    made = Ledger(settings().ledger_table, page.run_id + SNAPSHOTS)
    snapshots = volumes.snapshots(page.run_id, [item.resource_id for item in items])

    def check(item: Item) -> None:
        snapshot = snapshots.get(item.resource_id)
        try:
            volume = volumes.look(item.resource_id)
        except Vanished as gone:
            if snapshot is None:  # no attempt of this run can have deleted it
                raise Skip(str(gone)) from gone
            raise
        check_marked(item, check_unattached(volume, rules, clock.now()))
        check_snapshot(snapshot, None if snapshot else made.outcome(item.resource_id))

    def delete(item: Item) -> dict[str, Any]:
        volumes.delete(item.resource_id)
        return {"snapshot_id": snapshots[item.resource_id].snapshot_id}

    busy = worker(settings().ledger_table, page, "DeleteVolume", context)
    return act(busy, items, Step(check, delete, gone_is_done=True)).to_document()
