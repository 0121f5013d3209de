"""Executions that ended badly, as a machine's queue has kept them, and what Step Functions says about redriving each.

A redrive goes on with the state in which the execution ended: what had succeeded is not done again. An execution is
redriven before its message is deleted, so stopping half-way leaves a message too many, never one too few; the next call
sees that its execution was redriven since.
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, Self

from scripts.aws import Client
from scripts.deployment import Deployment
from scripts.held_queue import HeldQueue, Received

SECONDS_EACH = 2.0  # how long looking at an execution and redriving it may take
HISTORY = 100  # of its events, the newest: enough to see where it ended


class RedriveError(Exception):
    """What was asked cannot be done; one sentence."""


@dataclass(frozen=True)
class Failure:
    """An execution that ended badly; `settled` are messages about ends after which it was redriven already.

    `reason` says why it cannot be redriven, or had better not be; it is empty when it can.
    """

    workflow: str
    arn: str
    status: str
    state: str
    error: str
    cause: str
    reason: str
    messages: tuple[Received, ...]
    settled: tuple[Received, ...]

    @property
    def name(self) -> str:
        """The execution's name."""
        return self.arn.rsplit(":", 1)[1]


@dataclass
class Failures:
    """The executions of one workflow that ended badly."""

    workflow: str
    states: Client
    queue: HeldQueue
    run_again: str | None

    @classmethod
    def on(cls, deployment: Deployment, workflow: str | None) -> list[Self]:
        """Return those of a workflow, or of all. Raises RedriveError for one without a machine."""
        outputs = {name: found for name, found in deployment.outputs.items() if isinstance(found, dict)}
        kept = {name: found["failures"] for name, found in outputs.items() if "failures" in found}
        if workflow is not None and workflow not in kept:
            raise RedriveError(
                f"{workflow!r} is no workflow of {deployment.environment} that keeps failed executions; "
                f"there are: {', '.join(kept)}"
            )
        states, sqs = deployment.client("stepfunctions"), deployment.client("sqs")
        return [
            cls(name, states, HeldQueue(sqs, found["queue_url"]), found["run_again"])
            for name, found in kept.items()
            if workflow in (None, name)
        ]

    @contextmanager
    def held(self) -> Iterator[list[Failure]]:
        """Yield what there is, hidden from others meanwhile; what is not removed is there again afterwards."""
        with self.queue.batches(SECONDS_EACH) as batches:
            found = sorted(((_arn(message), message) for batch in batches for message in batch), key=lambda one: one[0])
            yield [
                self._failure(arn, [message for _, message in group])
                for arn, group in groupby(found, key=lambda one: one[0])
            ]

    def redrive(self, failure: Failure) -> None:
        """Let Step Functions go on with an execution, then remove its messages.

        Raises RedriveError when `failure` says why not, and ClientError when Step Functions refuses.
        """
        if failure.reason:
            raise RedriveError(f"{failure.name} was not redriven: {failure.reason}")
        if failure.messages:  # the same end is redriven once, however often this is called
            token = min(message["MessageId"] for message in failure.messages)
            self.states.redrive_execution(executionArn=failure.arn, clientToken=token)
        self.discard(failure)

    def discard(self, failure: Failure) -> None:
        """Remove an execution's messages: nobody wants to go on with it."""
        self.queue.delete([*failure.messages, *failure.settled])

    def _failure(self, arn: str, messages: list[Received]) -> Failure:
        """Return what is known of an execution that `messages` are about."""
        try:
            execution = self.states.describe_execution(executionArn=arn)
        except self.states.exceptions.ExecutionDoesNotExist:
            execution = {"status": "FORGOTTEN", "redriveStatusReason": "Step Functions has forgotten it"}
        again = execution.get("redriveCount", 0)
        told = _detail(max(messages, key=_count))
        ended = execution["status"] not in ("RUNNING", "PENDING_REDRIVE", "SUCCEEDED", "FORGOTTEN")
        state, is_fail = self._end(arn) if ended else ("", False)
        return Failure(
            workflow=self.workflow,
            arn=arn,
            status=execution["status"],
            state=state,
            error=execution.get("error") or told.get("error") or "",
            cause=execution.get("cause") or told.get("cause") or "",
            reason="" if _is_settled(messages, again) else self._reason(execution, state if is_fail else ""),
            messages=tuple(message for message in messages if _count(message) >= again),
            settled=tuple(message for message in messages if _count(message) < again),
        )

    def _reason(self, execution: dict[str, Any], fail_state: str) -> str:
        """Return why an execution cannot be redriven, or had better not be."""
        if execution.get("redriveStatus") != "REDRIVABLE":
            told = execution.get("redriveStatusReason") or f"it is {execution.get('redriveStatus', 'not redrivable')}"
            return str(told)
        if fail_state:
            return f"it ended in {fail_state}, a Fail state, which a redrive enters again; start it again instead"
        return f"something has cleaned up after it. {self.run_again}" if self.run_again else ""

    def _end(self, arn: str) -> tuple[str, bool]:
        """Return the state in which an execution ended, and whether that is a Fail state."""
        newest = self.states.get_execution_history(
            executionArn=arn, reverseOrder=True, maxResults=HISTORY, includeExecutionData=False
        )["events"]
        entered = next((event for event in newest if "stateEnteredEventDetails" in event), None)
        if entered is None:
            return "", False
        return entered["stateEnteredEventDetails"]["name"], entered["type"] == "FailStateEntered"


def chosen(found: Iterable[Failure], names: list[str]) -> list[Failure]:
    """Return the failures of those names or ARNs, all of them without names. Raises RedriveError for an unknown one."""
    known = sorted(found, key=attrgetter("workflow", "name"))
    if missing := [name for name in names if not any(name in (one.name, one.arn) for one in known)]:
        raise RedriveError(f"no execution {missing[0]!r} waits; `list` shows those that do")
    return [one for one in known if not names or one.name in names or one.arn in names]


def _detail(message: Received) -> dict[str, Any]:
    detail: dict[str, Any] = json.loads(message["Body"])["detail"]
    return detail


def _arn(message: Received) -> str:
    return str(_detail(message)["executionArn"])


def _count(message: Received) -> int:
    """Return how often the execution had been redriven when it ended as the message tells."""
    return int(_detail(message).get("redriveCount") or 0)


def _is_settled(messages: list[Received], redrives: int) -> bool:
    return all(_count(message) < redrives for message in messages)
