"""What may go wrong around a workflow, brought about on purpose and put right again."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from scripts.local_engine import Engine
from tests.e2e.pipeline import Pipeline

POLL_SECONDS = 0.05
PATIENCE_SECONDS = 30


@contextmanager
def throttled(pipeline: Pipeline, function: str) -> Iterator[None]:
    """Let Lambda refuse every call of `function` (its name within the workflow) for a while."""
    functions = pipeline.deployment.client("lambda")
    name = pipeline.outputs["function_names"][function]
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        functions.delete_function_concurrency(FunctionName=name)


@contextmanager
def without_permissions(pipeline: Pipeline, role: str) -> Iterator[None]:
    """Take all inline policies away from `role` for a while."""
    iam = pipeline.deployment.client("iam")
    documents = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    for name in documents:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    try:
        yield
    finally:
        for name, document in documents.items():
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=as_text(document))


def as_text(document: object) -> str:
    """Return a policy document, which boto3 has parsed, as the API wants it."""
    return document if isinstance(document, str) else json.dumps(document)


def wait_for_log(pipeline: Pipeline, group: str, text: str, since: float) -> None:
    """Wait until the log group has an event with `text` that is not older than `since` (seconds since the epoch).

    Raises TimeoutError after 30 seconds.
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
