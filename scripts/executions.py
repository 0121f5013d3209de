"""Follow a Step Functions execution: which states it visits, for how long, and how it ends."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scripts.aws import Client

POLL_SECONDS = 0.2
ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


@dataclass(frozen=True)
class Visit:
    """One stay in a state; `seconds` is None for a state that ends the execution."""

    state: str
    seconds: float | None
    attempts: int


class ExecutionTimeoutError(Exception):
    """An execution did not appear, or did not end, within the time given."""


def history(client: Client, execution_arn: str) -> Iterator[dict[str, Any]]:
    """Yield the execution's history events, oldest first."""
    pages = client.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
    for page in pages:
        yield from page["events"]


def visits(events: list[dict[str, Any]]) -> list[Visit]:
    """Return the finished visits among `events`, in the order in which they ended.

    Only top-level states count: a Map or Parallel shows up as one visit.
    """
    finished: list[Visit] = []
    open_visits: dict[str, tuple[datetime, int]] = {}
    for event in events:
        if entered := event.get("stateEnteredEventDetails"):
            open_visits[entered["name"]] = (event["timestamp"], 0)
            if event["type"] in ("SucceedStateEntered", "FailStateEntered"):
                finished.append(Visit(entered["name"], None, 0))
        elif event["type"] in ("TaskScheduled", "LambdaFunctionScheduled", "MapRunStarted"):
            name = next(reversed(open_visits))
            since, attempts = open_visits[name]
            open_visits[name] = (since, attempts + 1)
        elif exited := event.get("stateExitedEventDetails"):
            since, attempts = open_visits.pop(exited["name"], (event["timestamp"], 0))
            finished.append(Visit(exited["name"], (event["timestamp"] - since).total_seconds(), attempts))
    return finished


def follow(client: Client, execution_arn: str, timeout_seconds: float) -> Iterator[Visit]:
    """Yield each visit as it ends, until the execution ends.

    Raises ExecutionTimeoutError when it still runs after `timeout_seconds`.
    """
    shown = 0
    deadline = time.monotonic() + timeout_seconds
    while True:
        ended = client.describe_execution(executionArn=execution_arn)["status"] in ENDED
        so_far = visits(list(history(client, execution_arn)))
        yield from so_far[shown:]
        shown = len(so_far)
        if ended:
            return
        if time.monotonic() > deadline:
            raise ExecutionTimeoutError(f"{execution_arn} still runs after {timeout_seconds:.0f} s")
        time.sleep(POLL_SECONDS)


def wait_for_end(client: Client, execution_arn: str, timeout_seconds: float) -> dict[str, Any]:
    """Return DescribeExecution's answer once the execution has ended.

    Raises ExecutionTimeoutError when it still runs after `timeout_seconds`.
    """
    for _ in follow(client, execution_arn, timeout_seconds):
        pass
    answer: dict[str, Any] = client.describe_execution(executionArn=execution_arn)
    return answer


def started_by(client: Client, machine_arn: str, marker: str, timeout_seconds: float) -> str:
    """Return the ARN of the execution of `machine_arn` whose input contains `marker`.

    Raises ExecutionTimeoutError when none starts within `timeout_seconds`.
    """
    deadline = time.monotonic() + timeout_seconds
    seen: set[str] = set()
    while time.monotonic() < deadline:
        for page in client.get_paginator("list_executions").paginate(stateMachineArn=machine_arn):
            for execution in page["executions"]:
                arn: str = execution["executionArn"]
                if arn not in seen and marker in client.describe_execution(executionArn=arn)["input"]:
                    return arn
                seen.add(arn)
        time.sleep(POLL_SECONDS)
    raise ExecutionTimeoutError(
        f"no execution of {machine_arn} started for {marker} within {timeout_seconds:.0f} s; "
        "is the event rule enabled, and may it start the machine?"
    )
