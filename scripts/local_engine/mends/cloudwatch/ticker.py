"""The second hand: alarms are judged and queues are gauged as time passes, not only when a request comes in."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch as engine

from scripts.local_engine.mends.cloudwatch.queues import gauge_queues

_log = logging.getLogger("mends.cloudwatch")


def each_scope(store: Any) -> Iterator[tuple[str, str]]:
    """Yield every account and region that has something in one of the engine's scoped stores."""
    yield from {key[:2] for key in list(store._data)}


def tick() -> None:
    """Do what a second brings.

    AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html#alarm-evaluation
    Engine: an alarm never changed its state without a request.
    """
    _attempt(gauge_queues)
    for account, region in each_scope(engine._alarms):
        with request_scope(account, region):
            _attempt(engine._evaluate_all_alarms)


def _attempt(work: Callable[[], Any]) -> None:
    try:
        work()
    except Exception:  # noqa: BLE001 - the clock goes on
        _log.exception("a tick failed")


def _run() -> None:
    while True:
        time.sleep(1 - time.time() % 1)
        tick()


def apply() -> None:
    """Start the clock."""
    threading.Thread(target=_run, name="cloudwatch-ticker", daemon=True).start()
