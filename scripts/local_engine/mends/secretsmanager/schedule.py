"""When secrets are rotated by themselves: some days after the last time, at a rate, or by the clock."""

import logging
import threading
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from ministack.core.responses import request_scope
from ministack.services import eventbridge
from ministack.services import secretsmanager as engine

from scripts.local_engine.mends.secretsmanager import run, versions

TICK_SECONDS = 0.25
_DAY = 86_400

type Secret = dict[str, Any]

_log = logging.getLogger("mends.secretsmanager")


def begin(secret: Secret) -> None:
    """Let a schedule count from now on."""
    secret["_Scheduled"] = time.time()


def next_moment(secret: Secret) -> float | None:
    """Return when the secret is to be rotated next, in seconds since 1970; None if never.

    AWS: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html - days and rates
    count from the last rotation, and a new value that somebody put is one; any moment in the window is right, and it
    is the first here.
    """
    rules = secret.get("RotationRules") or {}
    if not secret.get("RotationEnabled") or not rules:
        return None
    current = versions.of_stage(secret, versions.CURRENT)
    changed = secret["Versions"][current]["CreatedDate"] if current else 0
    since = max(secret.get("_Scheduled", 0), secret.get("LastRotatedDate") or 0, changed)
    expression = rules.get("ScheduleExpression", "")
    if fields := eventbridge._parse_cron_fields(expression):
        found = eventbridge._cron_next_fire(fields, datetime.fromtimestamp(since, UTC))
        return float(found.timestamp()) if found else None
    seconds = eventbridge._parse_rate_seconds(expression) or rules["AutomaticallyAfterDays"] * _DAY
    return float(since + seconds * run.SCALE)


def tick() -> None:
    """Rotate what is due, and try again what was not finished a day ago.

    AWS: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html. That a rotation that
    failed is tried again is said, not when.
    Engine: rotated nothing by itself.
    """
    now = time.time()
    for (account, region, _), secret in list(engine._secrets._data.items()):
        if secret.get("DeletedDate") or not secret.get("RotationEnabled") or run.is_under_way(secret):
            continue
        moment = next_moment(secret)
        with request_scope(account, region):
            if versions.unfinished(secret):
                if now >= secret.get("_Tried", now) + _DAY * run.SCALE:
                    run.try_again(secret)
            elif moment is not None and now >= moment:
                run.begin(secret, str(uuid4()))


def _for_ever() -> None:
    while True:
        time.sleep(TICK_SECONDS)
        try:
            tick()
        except Exception:  # noqa: BLE001 - the clock goes on
            _log.exception("a tick failed")


def apply() -> None:
    """Start the clock."""
    threading.Thread(target=_for_ever, name="secrets-rotation", daemon=True).start()
