"""What may go wrong around a workflow, brought about on purpose and put right again."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from scripts.deployment import Deployment
from scripts.lab.functions import LabFunction
from scripts.local_engine import Engine
from tests.e2e.pipeline import Pipeline

POLL_SECONDS = 0.05
PATIENCE_SECONDS = 60


class Driver(Protocol):
    """Who drives a workflow."""

    deployment: Deployment
    outputs: dict[str, Any]


def alias_arn(driver: Driver, function: str) -> str:
    """Return the ARN by which the machine calls `function` (its name within the workflow)."""
    region, account = driver.outputs["state_machine_arn"].split(":")[3:5]
    return f"arn:aws:lambda:{region}:{account}:function:{driver.outputs['function_names'][function]}:live"


@contextmanager
def throttled(driver: Driver, function: str) -> Iterator[None]:
    """Let Lambda refuse every call of `function` (its name within the workflow) for a while."""
    with LabFunction(driver.deployment, driver.outputs["function_names"][function]).reserving(0):
        yield


def wait_for_log(pipeline: Pipeline, group: str, text: str, since: float) -> None:
    """Wait until the log group has an event with `text` that is not older than `since` (seconds since the epoch).

    Raises TimeoutError after a minute.
    """
    logs = pipeline.deployment.client("logs")
    deadline = time.monotonic() + PATIENCE_SECONDS
    query = {"logGroupName": group, "filterPattern": f'"{text}"', "startTime": int(since * 1000)}
    while not logs.filter_log_events(**query)["events"]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {text!r} in {group}")
        time.sleep(POLL_SECONDS)


def kill_functions(engine: Engine) -> int:
    """Kill every function process of the engine, as a failing host would; return how many there were."""
    leader = engine.pid()
    listing = subprocess.run(["ps", "-A", "-o", "pid=,pgid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listing.splitlines()]
    running = [pid for pid, group in pairs if group == leader and pid != leader]
    for pid in running:
        os.kill(pid, signal.SIGKILL)
    return len(running)
