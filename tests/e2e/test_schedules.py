"""What every schedule of every workflow does: a moment at which nothing could be started is not lost."""

import json
from typing import Any

from scripts.local_engine import Engine
from tests.engine.hooks import hook
from tests.support.applied import Applied

MOMENT = "2027-01-01T03:00:00Z"
STARTS = {"states": "states:StartExecution", "lambda": "lambda:InvokeFunction"}


def test_moments_that_start_nothing_wait_in_a_queue(engine: Engine, local: Applied) -> None:
    sqs, schedules = local.deployment.client("sqs"), local.resources("aws_scheduler_schedule")
    for name, target in map(described, schedules):
        action = f"scheduler:{STARTS[target['arn'].split(':')[2]]}"
        hook(engine, "faults", resource=action, error="ResourceNotFoundException", times=1, when={"Name": name})
        hook(engine, "schedules", name=name, group=name, time=MOMENT)
    for name, target in map(described, schedules):
        queue = sqs.get_queue_url(QueueName=f"{name}-schedule-undelivered")["QueueUrl"]
        [kept] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=kept["ReceiptHandle"])
        meant = target["input"].replace("<aws.scheduler.scheduled-time>", MOMENT)
        assert json.loads(kept["Body"]) == json.loads(meant), "so it can be started by hand"
    assert schedules


def described(schedule: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    values = schedule["values"]
    return values["name"], values["target"][0]
