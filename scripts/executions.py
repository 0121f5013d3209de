"""Follow a Step Functions execution: which states it visits, for how long, and how it ends."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
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


class ExecutionTimeoutError(Exception):
    """An execution did not appear, or did not end, within the time given."""


def history(client: Client, execution_arn: str) -> Iterator[dict[str, Any]]:
    """Yield the execution's history events, oldest first."""
    pages = client.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
    for page in pages:
        yield from page["events"]


def entered(events: Iterable[dict[str, Any]]) -> list[str]:
    """Return the names of the states that were entered, in order."""
    return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]


def visits(events: list[dict[str, Any]]) -> list[Visit]:
    """Return the finished visits among `events`, in the order in which they ended.

    A distributed Map shows up as one visit: `inside_maps` tells of the states in it.
    """
    finished: list[Visit] = []
    since: dict[str, datetime] = {}
    for event in events:
        if entered := event.get("stateEnteredEventDetails"):
            since[entered["name"]] = event["timestamp"]
            if event["type"] in ("SucceedStateEntered", "FailStateEntered"):
                finished.append(Visit(entered["name"], None))
        elif exited := event.get("stateExitedEventDetails"):
            began = since.pop(exited["name"], event["timestamp"])
            finished.append(Visit(exited["name"], (event["timestamp"] - began).total_seconds()))
    return finished


def inside_maps(client: Client, execution_arn: str) -> dict[str, list[float]]:
    """Return how many seconds each visit to a state inside the execution's distributed Maps took, by state.

    Their items run in executions of their own.
    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-examine-map-run.html
    """
    seconds: dict[str, list[float]] = defaultdict(list)
    for runs in client.get_paginator("list_map_runs").paginate(executionArn=execution_arn):
        for run in runs["mapRuns"]:
            for children in client.get_paginator("list_executions").paginate(mapRunArn=run["mapRunArn"]):
                for child in children["executions"]:
                    for visit in visits(list(history(client, child["executionArn"]))):
                        seconds[visit.state] += [] if visit.seconds is None else [visit.seconds]
    return dict(seconds)


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
