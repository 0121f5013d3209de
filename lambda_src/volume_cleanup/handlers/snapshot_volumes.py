"""SnapshotVolumes: begins a snapshot of each volume of a page that is to be deleted, one for each run and volume."""

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
from volume_cleanup.domain.checks import check_marked, check_unattached
from volume_cleanup.domain.planning import DELETE, SNAPSHOTS
from volume_cleanup.domain.restoring import snapshot_tags
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
    volume_ids = [item.resource_id for item in items]
    there, made = volumes.found(volume_ids), volumes.snapshots(page.run_id, volume_ids)

    def check(item: Item) -> None:
        check_marked(item, check_unattached(there.get(item.resource_id), rules, clock.now()))

    def snapshot(item: Item) -> dict[str, Any]:
        """Begin the snapshot, unless an attempt that was cut off has: EC2 knows no client token here."""
        if item.resource_id in made:
            return {"snapshot_id": made[item.resource_id].snapshot_id}
        tags, left_out = snapshot_tags(there[item.resource_id], page.run_id)
        return {"snapshot_id": volumes.make_snapshot(item.resource_id, tags), "tags_left_out": left_out}

    busy = worker(settings().ledger_table, page, "CreateSnapshot", context, SNAPSHOTS)
    return act(busy, items, Step(check, snapshot)).to_document()
