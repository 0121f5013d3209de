"""What the volume clean-up's machine does with one page of a plan, in one process."""

import time
from typing import Any

from volume_cleanup.handlers import check_snapshots, delete_volumes, mark_volumes, snapshot_volumes

LOOK_SECONDS = 0.5  # the machine looks each minute


def work(event: dict[str, Any], context: Any) -> int:
    """Take `{"page_key"}` through its steps; return how many of its volumes were to be deleted."""
    deletions: int = _until_done(mark_volumes, event, context)["deletions"]
    if deletions:
        _until_done(snapshot_volumes, event, context)
        while check_snapshots.handler(event, context)["pending"]:
            time.sleep(LOOK_SECONDS)
        _until_done(delete_volumes, event, context)
    return deletions


def _until_done(step: Any, event: dict[str, Any], context: Any) -> dict[str, Any]:
    while not (answer := step.handler(event, context))["done"]:
        time.sleep(answer["wait_seconds"])
    done: dict[str, Any] = answer
    return done
