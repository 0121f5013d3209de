"""EndDrill: removes what the drill restored, whatever came of it, and says how it went."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from shared.handlers import lambda_handler
from shared.observability import metrics
from shared.operations.acting import Skip, Vanished
from shared.operations.adapters import clock
from shared.settings import once
from snapshot_backup.adapters import volumes
from snapshot_backup.domain.drill import DRILL, drill_tags, verdict
from snapshot_backup.domain.volumes import Volume

_LEFT_OVER = timedelta(days=1)  # a drill takes less: what is older was left by one that could not end


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    workflow: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"execution", "drill", "check"}`, the other steps' answers; return what is to be told.

    The answer is `{"passed", "removed", "left", "subject", "text"}`.
    """
    removed, left = _clear(event["execution"]["Name"])
    result = verdict(event["drill"], event["check"], left)
    if not event["drill"].get("dry_run"):
        metrics.add_metric("RestoreDrillPassed", MetricUnit.Count, int(result["passed"]))
        metrics.flush_metrics()
    return result | {"removed": removed, "left": left}


def _clear(name: str) -> tuple[list[str], list[str]]:
    """Remove this drill's volume, and those that earlier drills left; return both what went and what would not go."""
    tags = drill_tags(settings().workflow, name)
    ours = {key: value for key, value in tags.items() if key not in {DRILL, "Name"}}
    removed, left = [], []
    for volume in volumes.tagged(ours):
        if volume.tags.get(DRILL) == name or _is_left_over(volume):
            try:
                volumes.remove(volume.volume_id)
            except Vanished:
                continue
            except Skip:
                left.append(volume.volume_id)
            else:
                removed.append(volume.volume_id)
    return removed, left


def _is_left_over(volume: Volume) -> bool:
    return clock.now() - volume.created_at > _LEFT_OVER
