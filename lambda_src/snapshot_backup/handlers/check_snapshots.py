"""CheckSnapshots: counts the snapshots of a page that EC2 has not completed yet."""

from typing import Any

from shared.handlers import lambda_handler
from snapshot_backup.handlers import environment


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Take `{"key", "slot"}` of a page; return `{"pending"}`."""
    volume_ids = {each for item in environment.page_of(event).items for each in item.facts["volumes"]}
    made = environment.home().of_slot(event["slot"], volume_ids)
    return {"pending": sum(each.state == "pending" for each in made)}
