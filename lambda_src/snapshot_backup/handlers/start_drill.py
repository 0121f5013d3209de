"""StartDrill: makes a volume from the newest good snapshot of the volume whose turn it is."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from shared.handlers import lambda_handler
from shared.operations.adapters.rules import is_dry_run, read_rules
from shared.operations.moments import iso
from shared.settings import once
from snapshot_backup.adapters import volumes
from snapshot_backup.adapters.snapshots import Shelf, home_region
from snapshot_backup.domain.drill import choose, drill_tags
from snapshot_backup.domain.moments import parse


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    settings_parameter: str
    workflow: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"execution": …}`; return `{"dry_run", "snapshot_id", "of", "taken_at", "size_gib", "volume_id"}`.

    An execution makes one volume, however often this step is tried.
    """
    execution, workflow = event["execution"], settings().workflow
    dry_run = is_dry_run(read_rules(settings().settings_parameter))
    chosen = choose(Shelf(workflow, home_region()).everything(), parse(execution["StartTime"]))
    drill = {
        "dry_run": dry_run,
        "snapshot_id": chosen.snapshot_id,
        "of": chosen.volume_id,
        "taken_at": iso(chosen.taken_at),
        "size_gib": chosen.size_gib,
        "volume_id": "",
    }
    if not dry_run:
        token = sha256(execution["Id"].encode()).hexdigest()
        drill["volume_id"] = volumes.restore(chosen.snapshot_id, token, drill_tags(workflow, execution["Name"]))
    return drill
