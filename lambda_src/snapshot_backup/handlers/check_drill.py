"""CheckDrill: looks whether the restored volume is there, usable, and as large as what was backed up."""

from typing import Any

from shared.handlers import lambda_handler
from snapshot_backup.adapters import volumes
from snapshot_backup.domain.drill import faults


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"drill": …}` as StartDrill returned it; return `{"pending", "faults"}`."""
    found = volumes.some([event["drill"]["volume_id"]])
    wrong = faults(found[0] if found else None, event["drill"]["size_gib"])
    return {"pending": wrong is None, "faults": wrong or []}
