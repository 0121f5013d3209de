"""CreateSnapshots: snapshots each group of a page, all the volumes of an instance at one moment; once for each slot."""

from dataclasses import dataclass, field
from typing import Any

from shared.context import Context
from shared.handlers import lambda_handler
from shared.operations.acting import Skip, Step, Vanished, act
from shared.operations.adapters.workers import worker
from shared.operations.plan import Item
from snapshot_backup.adapters import volumes
from snapshot_backup.adapters.snapshots import Shelf
from snapshot_backup.domain.making import Missing
from snapshot_backup.domain.snapshots import Marks
from snapshot_backup.domain.volumes import Volume
from snapshot_backup.handlers import environment


@lambda_handler
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Take `{"key", "slot"}` of a page; return `{"done", "wait_seconds"}`."""
    page = environment.page_of(event)
    making = _Making(environment.home(), event["slot"])
    equipped = worker(environment.settings().ledger_table, page, "CreateSnapshots", context)
    return act(equipped, page.items, Step(making.check, making.do)).to_document()


@dataclass
class _Making:
    shelf: Shelf
    slot: str
    volumes: dict[str, list[Volume]] = field(default_factory=dict)

    def check(self, item: Item) -> None:
        """Look at the group's volumes as they are now."""
        found = volumes.some(item.facts["volumes"])
        if not found:
            raise Vanished
        usable = [each for each in found if each.usable]
        if not usable:
            raise Skip(f"no snapshot can be made of a volume that is {found[0].state}")
        self.volumes[item.resource_id] = usable

    def do(self, item: Item) -> dict[str, Any]:
        """Make what an earlier attempt did not; the tag with the slot finds what it did make."""
        home, policy, found = item.resource_id, item.facts["policy"], self.volumes.pop(item.resource_id)
        made = self.shelf.of_slot(self.slot, [each.volume_id for each in found])
        missing = Missing.of(home, found, made)
        ids, alone = [each.snapshot_id for each in made], list(missing.alone)
        if missing.together:
            taken = self.shelf.make_together(
                Marks(home, self.slot, policy), volumes.attached_to(home), missing.together
            )
            ids += taken.values()
            alone += [each for each in missing.together if each.volume_id not in taken]
        ids += [self.shelf.make_alone(Marks(each.volume_id, self.slot, policy), each) for each in alone]
        return {"snapshots": sorted(ids)}
