"""What every function of every workflow does: a call that nobody waits for is not lost when it fails for good."""

import json
import time

from scripts.local_engine import Engine
from tests.support.applied import Applied

NONSENSE = {"not": "an event"}
PATIENCE_SECONDS = 60


def test_asynchronous_calls_that_fail_for_good_wait_in_a_queue(engine: Engine, local: Applied) -> None:
    assert engine.pid()
    client = local.deployment.client
    workflows = [output for output in local.deployment.outputs.values() if "function_names" in output]
    names = [name for workflow in workflows for name in workflow["function_names"].values()]
    assert names
    for name in names:
        client("lambda").invoke(
            FunctionName=name, Qualifier="live", InvocationType="Event", Payload=json.dumps(NONSENSE).encode()
        )
    for name in names:
        queue = client("sqs").get_queue_url(QueueName=f"{name}-failures")["QueueUrl"]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (kept := client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5).get("Messages")):
            assert time.monotonic() < deadline, name
        client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=kept[0]["ReceiptHandle"])
        assert json.loads(kept[0]["Body"])["requestPayload"] == NONSENSE
