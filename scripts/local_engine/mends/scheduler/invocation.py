"""One invocation of a schedule's target: with the schedule's role, again while that may help, or to the dead letters.

A test makes attempts fail by `POST /_local/faults {"resource": "scheduler:states:StartExecution", "error":
"ThrottlingException", "times": 2}`, likewise for `scheduler:lambda:InvokeFunction` and `scheduler:sqs:SendMessage`;
`"when": {"Name": …}` means one schedule. What the caller is to blame for is not tried again, as on AWS.
"""

import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import uuid4

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudwatch, eventbridge, scheduler

from scripts.local_engine.delivery import ACTIONS, NO_PERMISSIONS, NO_RESOURCE, Sender, dead_letter, exists
from scripts.local_engine.mends import faults

SERVICE = "scheduler.amazonaws.com"
# Errors that no other attempt helps: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
_HOPELESS = {"AccessDeniedException", "ResourceNotFoundException", "StateMachineDoesNotExist", "ValidationException"}
RETRY_SECONDS = 1.0  # then twice as long each time; AWS does not tell its own
_DEFAULTS = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}


class Failure(NamedTuple):
    """Why a target was not reached, and whether another attempt may help."""

    code: str
    message: str
    passes: bool = False


@dataclass
class Invocation:
    """An invocation of a schedule's target for one of its moments (seconds since 1970), in the current scope."""

    schedule: dict[str, Any]
    moment: float
    number: int = 1
    began: float = field(default_factory=time.time)
    id: str = field(default_factory=lambda: uuid4().hex[:16])

    def attempt(self) -> None:
        """Reach the target, or try again later, or give up.

        AWS: https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role,
        https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html,
        https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
        Engine: every target was reached as root, once; no dead-letter queue, no metric.
        """
        self._publish("InvocationAttemptCount")
        failure = self._reach()
        if failure is None:
            return
        self._publish("TargetErrorCount")
        ended = self._ended(failure)
        if ended is None:
            self._try_again()
        else:
            self._give_up(failure, ended)

    @property
    def _target(self) -> dict[str, Any]:
        return dict(self.schedule["Target"])

    @property
    def _sender(self) -> Sender:
        group = str(scheduler._group_arn(self.schedule["GroupName"]))
        return Sender(SERVICE, self.schedule["Arn"], self._target["RoleArn"], trust_arn=group)

    def _input(self) -> dict[str, str]:
        """Return the target's input with the context attributes in it, nothing when the schedule has none.

        AWS: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
        Engine: handed them on as they were.
        """
        text = self._target.get("Input")
        known = {
            "schedule-arn": self.schedule["Arn"],
            "scheduled-time": _iso(self.moment),
            "execution-id": self.id,
            "attempt-number": str(self.number),
        }
        for name, value in known.items():
            text = text and text.replace(f"<aws.scheduler.{name}>", value)
        return {"Input": text} if text else {}

    def _event(self) -> dict[str, Any]:
        return {
            "EventId": self.id,
            "Source": "aws.scheduler",
            "DetailType": "Scheduled Event",
            "Detail": "{}",
            "Time": self.moment,
            "Resources": [self.schedule["Arn"]],
            "Account": get_account_id(),
            "Region": get_region(),
        }

    def _reach(self) -> Failure | None:
        arn = self._target["Arn"]
        if not (allowed := self._sender.may_reach(arn)):
            return Failure(NO_PERMISSIONS, allowed.reason)
        if not exists(arn):
            return Failure(NO_RESOURCE, f"{arn} does not exist")
        if fault := faults.due(f"scheduler:{ACTIONS.get(arn.split(':')[2])}", {"Name": self.schedule["Name"]}):
            return Failure(fault.error, faults.MESSAGE, passes=fault.error not in _HOPELESS)
        eventbridge._invoke_target({**self._target, **self._input()}, self._event(), self.schedule)
        return None

    def _ended(self, failure: Failure) -> str | None:
        """Return which limit of the retry policy is reached, "" for a failure that no retry helps, None for none."""
        policy = _DEFAULTS | (self._target.get("RetryPolicy") or {})
        if not failure.passes:
            return ""
        if self.number > policy["MaximumRetryAttempts"]:
            return "MaximumRetryAttempts"
        age = time.time() - self.began + self._pause
        return "MaximumEventAgeInSeconds" if age > policy["MaximumEventAgeInSeconds"] else None

    @property
    def _pause(self) -> float:
        return float(RETRY_SECONDS * 2 ** (self.number - 1))

    def _try_again(self) -> None:
        account, region, pause = get_account_id(), get_region(), self._pause
        self.number += 1

        def later() -> None:
            with request_scope(account, region):
                self.attempt()

        timer = threading.Timer(pause, later)
        timer.daemon = True
        timer.start()

    def _give_up(self, failure: Failure, ended: str) -> None:
        """Send what was not delivered to the dead-letter queue.

        AWS: https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
        """
        attributes = {
            "ERROR_CODE": failure.code,
            "ERROR_MESSAGE": failure.message,
            "EXECUTION_ID": self.id,
            "IS_PAYLOAD_TRUNCATED": "false",
            "RETRY_ATTEMPTS": str(self.number - 1),
            "SCHEDULED_TIME": _iso(self.moment),
            "SCHEDULE_ARN": self.schedule["Arn"],
            "TARGET_ARN": self._target["Arn"],
            **({"EXHAUSTED_RETRY_CONDITION": ended} if ended else {}),
        }
        queue = (self._target.get("DeadLetterConfig") or {}).get("Arn")
        body = self._input().get("Input") or json.dumps(self._event())
        self._publish("InvocationDroppedCount")
        if dead_letter(self._sender, queue, body, attributes):
            self._publish("InvocationsSentToDeadLetterCount")
        scheduler.logger.warning("Schedule %s did not reach its target: %s", self.schedule["Name"], failure.message)

    def _publish(self, metric: str) -> None:
        group = {"ScheduleGroup": self.schedule["GroupName"]}
        cloudwatch.record_metric("AWS/Scheduler", metric, 1, "Count", group)


def _iso(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"
