"""CheckSnapshots: counts a page's snapshots that are not completed, and lets go of volumes attached meanwhile."""

from dataclasses import dataclass
from typing import Any

from shared.context import Context
from shared.handlers import lambda_handler
from shared.operations.acting import Skip, Step, act
from shared.operations.adapters.plans import read_page
from shared.operations.adapters.workers import worker
from shared.operations.plan import Item
from shared.settings import once
from volume_cleanup.adapters import volumes
from volume_cleanup.domain.planning import DELETE


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    bucket: str
    ledger_table: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], context: Context) -> dict[str, int]:
    """Take `{"page_key"}`; return how many snapshots are pending.

    A volume that was attached while its snapshot was made may hold more than the snapshot, even if it is free again
    before it would be deleted.
    """
    page = read_page(settings().bucket, event["page_key"])
    items = {item.resource_id: item for item in page.items if item.action == DELETE}
    snapshots, there = volumes.snapshots(page.run_id, list(items)), volumes.found(list(items))
    attached = [items[volume_id] for volume_id in snapshots.keys() & there.keys() if there[volume_id].attached]
    act(worker(settings().ledger_table, page, "DeleteVolume", context), attached, Step(_let_go, _let_go))
    return {"pending": sum(snapshot.state == "pending" for snapshot in snapshots.values())}


def _let_go(_item: Item) -> None:
    raise Skip("attached while its snapshot was made")
