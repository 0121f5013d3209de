"""The queue processor on a FIFO queue: within a group, what comes later is never stored before what came earlier."""

from collections import defaultdict

import pytest

from scripts.local_engine import Engine
from tests.e2e.conftest import post
from tests.e2e.disturbances import kill_functions
from tests.e2e.queue import QueueProcessor, Sent, usage
from tests.support.applied import Applied

GROUPS, EACH = 40, 25
PATIENCE_SECONDS = 240


@pytest.fixture(scope="module")
def aftermath(engine: Engine, fifo: Applied) -> QueueProcessor:
    """After 1,000 messages in 40 groups, one of them poison, while the table throttled and functions were killed."""
    processor = QueueProcessor(fifo.deployment)
    queue = processor.outputs["queue_url"]
    processor.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "12"})
    messages = [
        Sent(usage(f"{group}-{n:03}", f"g{group}"), f"g{group}") for n in range(EACH) for group in range(GROUPS)
    ]
    messages.insert(GROUPS * EACH // 2, Sent("not JSON", "g0"))
    post(engine, "/_local/faults", {"resource": "dynamodb:PutItem", "error": "ThrottlingException", "times": 60})
    processor.send(messages)
    processor.wait(lambda: len(processor.results()) > GROUPS, PATIENCE_SECONDS)
    assert kill_functions(engine)
    processor.wait_until_empty(PATIENCE_SECONDS)
    return processor


def test_every_message_is_accounted_for(aftermath: QueueProcessor) -> None:
    everything = {f"{group}-{n:03}" for group in range(GROUPS) for n in range(EACH)}
    assert [message.body for message in aftermath.failures()] == ["not JSON"]
    assert set(aftermath.results()) == everything


def test_the_order_within_a_group_is_kept(aftermath: QueueProcessor) -> None:
    written = defaultdict(list)
    for key in inserts(aftermath):
        written[key.split("-")[0]].append(key)
    assert len(written) == GROUPS
    for keys in written.values():
        assert keys == sorted(keys)


def inserts(processor: QueueProcessor) -> list[str]:
    """Return the business keys in the order in which their results were written, as the table's stream has it."""
    streams = processor.deployment.client("dynamodbstreams")
    arn = streams.list_streams(TableName=processor.outputs["results_table"])["Streams"][0]["StreamArn"]
    keys: list[str] = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            answer = streams.get_records(ShardIterator=iterator)
            found = [record for record in answer["Records"] if record["eventName"] == "INSERT"]
            keys += [record["dynamodb"]["Keys"]["business_key"]["S"] for record in found]
            iterator = answer.get("NextShardIterator") if answer["Records"] else None
    return keys
