"""The scheduler's clock: every schedule at its moments.

`POST /_local/schedules {"name": "…", "group": "…", "time": "2026-11-23T03:00:00Z"}` - invokes a schedule's target now,
as at one of its moments; without `time`, as if that were now. Answers 404 when there is no such schedule.
"""

import json
import time
from datetime import datetime
from typing import Any

from ministack import app
from ministack.core.responses import request_scope
from ministack.services import scheduler

from scripts.local_engine.mends.scheduler import moments
from scripts.local_engine.mends.scheduler.invocation import Invocation
from scripts.local_engine.patching import Function, replace, wrap

PATH = "/_local/schedules"
TICK_SECONDS = 1


def apply() -> None:
    """Apply the mends of this file."""
    replace(scheduler, "_SCHEDULE_TICK_INTERVAL", TICK_SECONDS)  # AWS is within a minute; the engine looked every 10 s
    wrap(scheduler, "_tick_schedules")(_tick)
    wrap(app, "_handle_admin_config_request")(_now)


def _tick(_original: Function) -> None:
    """Invoke the targets of the schedules whose moment has come, and delete those that are over and say so.

    AWS: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html,
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-flexible-time-windows.html (any moment in
    the window is right: it is the first here). What happens to a one-time schedule in the past is not documented: it
    is not made up for here.
    Engine: time zones ignored; every moment of the past was made up for.
    """
    now = time.time()
    for key, schedule in list(scheduler._schedules._data.items()):
        account, region, _ = key
        changed = schedule["LastModificationDate"]
        _, last = scheduler._schedule_last_fired.get(key) or (changed, moments.first_look(schedule))
        moment = moments.due(schedule, last, now) if schedule["State"] == "ENABLED" else None
        scheduler._schedule_last_fired[key] = (changed, max(last, now))
        if moment is not None:
            with request_scope(account, region):
                Invocation(schedule, moment).attempt()
        if schedule["ActionAfterCompletion"] == "DELETE" and moments.is_over(schedule, now):
            scheduler._schedules._data.pop(key, None)


async def _now(original: Function, path: str, method: str, body: bytes) -> Any:
    """Invoke a schedule's target. Engine: nothing of the kind."""
    if path != PATH or method != "POST":
        return await original(path, method, body)
    asked = json.loads(body)
    moment = datetime.fromisoformat(asked["time"]).timestamp() if "time" in asked else time.time()
    name = f"{asked.get('group', 'default')}/{asked['name']}"
    for (account, region, key), schedule in list(scheduler._schedules._data.items()):
        if key == name:
            with request_scope(account, region):
                Invocation(schedule, moment).attempt()
            return 200, {"Content-Type": "application/json"}, b"{}"
    return 404, {}, b"{}"
