"""What the functions of a backup run have in common: where the plan, the ledger and the snapshots are."""

from dataclasses import dataclass
from typing import Any

from shared.operations.adapters.plans import Files, read_page
from shared.operations.plan import Page
from shared.settings import once
from snapshot_backup.adapters import volumes
from snapshot_backup.adapters.snapshots import Shelf, home_region
from snapshot_backup.domain.volumes import Promised, promised


@dataclass(frozen=True)
class Settings:
    """The functions' environment; `workflow` is the value of the tag by which own snapshots are known."""

    bucket: str
    ledger_table: str
    workflow: str


settings = once(Settings)


def home() -> Shelf:
    """Return the snapshots of the function's own region."""
    return Shelf(settings().workflow, home_region())


def shelf(region: str) -> Shelf:
    """Return the snapshots of a region."""
    return Shelf(settings().workflow, region)


def asking() -> list[Promised]:
    """Return the volumes that ask for a backup now."""
    return promised(volumes.everything(), volumes.tagged_instances())


def files(run_id: str) -> Files:
    """Return a run's plan and report."""
    return Files(settings().bucket, run_id)


def page_of(event: dict[str, Any]) -> Page:
    """Return the page that a step is to work on: `{"key": …}` of the list of pages."""
    return read_page(settings().bucket, event["key"])
