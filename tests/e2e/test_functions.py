"""What every function of every workflow does: a call that nobody waits for is not lost when it cannot be served."""

import json
import time
from collections.abc import Iterator

import pytest

from scripts.local_engine import Engine
from tests.support.applied import Applied

EVENT = {"not": "served"}
PATIENCE_SECONDS = 60


@pytest.fixture
def stopped(engine: Engine, local: Applied) -> Iterator[list[str]]:
    """The names of all functions, none of which may run: what they answer themselves would not be a failed call."""
    assert engine.pid()
    functions = local.deployment.client("lambda")
    workflows = [output for output in local.deployment.outputs.values() if "function_names" in output]
    names = [name for workflow in workflows for name in workflow["function_names"].values()]
    for name in names:
        functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    yield names
    for name in names:
        functions.delete_function_concurrency(FunctionName=name)


def test_asynchronous_calls_that_fail_for_good_wait_in_a_queue(local: Applied, stopped: list[str]) -> None:
    assert stopped
    functions, sqs = local.deployment.client("lambda"), local.deployment.client("sqs")
    for name in stopped:
        functions.invoke(FunctionName=f"{name}:live", InvocationType="Event", Payload=json.dumps(EVENT).encode())
    for name in stopped:
        queue = sqs.get_queue_url(QueueName=f"{name}-failures")["QueueUrl"]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (kept := sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5).get("Messages")):
            assert time.monotonic() < deadline, name
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=kept[0]["ReceiptHandle"])
        assert json.loads(kept[0]["Body"])["requestPayload"] == EVENT
