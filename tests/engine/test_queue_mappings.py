"""Event source mappings of queues: what is refused, batches, answers, windows, filters, groups, scaling."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.deployment import Deployment
from scripts.lab.policies import without_policies
from tests.engine.sources import ACCOUNT, Sources
from tests.engine.waiting import until

type Clients = Callable[[str], Any]
BODIES = "record([r['body'] for r in records])"
PATIENCE_SECONDS = 20  # permissions are looked at every 5 s
SHORT = {"VisibilityTimeout": "2"}


@pytest.mark.parametrize(
    ("suffix", "settings", "reason"),
    [
        ("", {"BatchSize": 11}, "Maximum batch window in seconds must be greater than 0"),
        (".fifo", {"BatchSize": 11, "MaximumBatchingWindowInSeconds": 1}, "at most 10"),
        (".fifo", {"MaximumBatchingWindowInSeconds": 1}, "no MaximumBatchingWindowInSeconds"),
        ("", {"ScalingConfig": {"MaximumConcurrency": 1001}}, "less than or equal to 1000"),
    ],
)
def test_what_cannot_work_is_refused(
    sources: Sources, name: str, suffix: str, settings: dict[str, Any], reason: str
) -> None:
    queue = sources.queue(f"{name}{suffix}")
    function = sources.function(queue, BODIES)
    with pytest.raises(ClientError, match=reason):
        sources.map(queue, function, **settings)


def test_a_queue_that_is_not_there_and_a_second_mapping_are_refused(sources: Sources, name: str) -> None:
    queue = sources.queue(name)
    function = sources.function(queue, BODIES)
    with pytest.raises(ClientError, match="NonExistentQueue"):
        sources.map(f"{queue}-gone", sources.function(f"{queue}-gone", BODIES))
    sources.map(queue, function)
    with pytest.raises(ClientError, match="ResourceConflictException"):
        sources.map(queue, function)


def test_a_mapping_cannot_be_changed_into_what_is_refused(sources: Sources, client: Clients, name: str) -> None:
    queue = sources.queue(name)
    mapping = sources.map(queue, sources.function(queue, BODIES))
    with pytest.raises(ClientError, match="Maximum batch window"):
        client("lambda").update_event_source_mapping(UUID=mapping, BatchSize=100)


def test_a_mapping_tells_of_a_permission_for_as_long_as_it_is_missing(
    sources: Sources, client: Clients, name: str
) -> None:
    queue = sources.queue(name)
    function = sources.function(queue, BODIES)
    role = client("lambda").get_function_configuration(FunctionName=function)["Role"].rsplit("/", 1)[-1]
    mapping = sources.map(queue, function)

    def result() -> str:
        return str(client("lambda").get_event_source_mapping(UUID=mapping)["LastProcessingResult"])

    with without_policies(Deployment("local", {}, "us-east-1", client("sqs").meta.endpoint_url, ACCOUNT), role):
        until(lambda: result().startswith("PROBLEM: "), PATIENCE_SECONDS)
    until(lambda: result() == "No records processed", PATIENCE_SECONDS)


def test_a_function_sees_a_message_as_aws_gives_it(sources: Sources, name: str) -> None:
    queue = sources.queue(name)
    function = sources.function(queue, "record(records[0])")
    sources.map(queue, sources.functions.alias(function))
    started = time.time() * 1000 - 1
    attribute = {"kind": {"DataType": "String", "StringValue": "a"}}
    sources.send(queue, "hello", MessageAttributes=attribute)
    [record] = sources.wait_for(function, 1)
    assert record["body"] == "hello"
    assert record["eventSourceARN"] == queue
    assert record["messageAttributes"] == {
        "kind": {"dataType": "String", "stringValue": "a", "stringListValues": [], "binaryListValues": []}
    }
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert started < int(record["attributes"]["SentTimestamp"])
    assert started < int(record["attributes"]["ApproximateFirstReceiveTimestamp"])
    assert {"messageId", "receiptHandle", "md5OfBody", "md5OfMessageAttributes"} <= record.keys()
    until(lambda: sources.left(queue) == 0)


def test_a_fifo_message_carries_its_group_and_number(sources: Sources, name: str) -> None:
    queue = sources.queue(f"{name}.fifo")
    function = sources.function(queue, "record(records[0]['attributes'])")
    sources.map(queue, function)
    sources.send(queue, "g:1")
    [attributes] = sources.wait_for(function, 1)
    assert attributes["MessageGroupId"] == "g"
    assert attributes["MessageDeduplicationId"] == "g:1"
    assert attributes["SequenceNumber"].isdigit()


def failures(listed: str) -> str:
    return f"return {{'batchItemFailures': [{listed}]}}"


@pytest.mark.parametrize(
    ("answer", "back"),
    [
        (failures("{'itemIdentifier': r['messageId']} for r in records if r['body'] == 'b'"), "b"),
        ("return None", ""),
        ("return {}", ""),
        ("return {'batchItemFailures': None}", ""),
        (failures("{'itemIdentifier': ''}"), "ab"),
        (failures("{'itemIdentifier': None}"), "ab"),
        (failures("{'messageId': records[0]['messageId']}"), "ab"),
        (failures("{'itemIdentifier': 'nobody'}"), "ab"),
        ("return 'done'", "ab"),
        ("raise ValueError", "ab"),
    ],
)
def test_the_answer_decides_which_messages_come_back(sources: Sources, name: str, answer: str, back: str) -> None:
    queue = sources.queue(name, VisibilityTimeout="10")
    function = sources.function(queue, f"record(''.join(r['body'] for r in records))\n{answer}")
    sources.send(queue, "a", "b")
    sources.map(queue, function, FunctionResponseTypes=["ReportBatchItemFailures"])
    assert sources.wait_for(function, 1) == ["ab"]
    until(lambda: sources.left(queue) == len(back))
    time.sleep(0.2)
    assert sources.left(queue) == len(back)


def test_an_answer_means_nothing_unless_it_is_asked_for(sources: Sources, name: str) -> None:
    queue = sources.queue(name, VisibilityTimeout="10")
    function = sources.function(queue, BODIES + "\n" + failures("{'itemIdentifier': records[0]['messageId']}"))
    sources.map(queue, function)
    sources.send(queue, "a")
    sources.wait_for(function, 1)
    until(lambda: sources.left(queue) == 0)


def test_a_killed_functions_messages_return_after_the_visibility_timeout(sources: Sources, name: str) -> None:
    queue = sources.queue(name, **SHORT)
    body = "import os\ncount = records[0]['attributes']['ApproximateReceiveCount']\nrecord(count)\n"
    function = sources.function(queue, f"{body}if count == '1': os.kill(os.getpid(), 9)", Timeout=2)
    sources.map(queue, function)
    sources.send(queue, "a")
    sources.wait_for(function, 1)
    started = time.monotonic()
    assert sources.wait_for(function, 2) == ["1", "2"]
    assert time.monotonic() - started > 1
    until(lambda: sources.left(queue) == 0)


def test_a_batch_is_gathered_within_its_window(sources: Sources, name: str) -> None:
    queue = sources.queue(name)
    function = sources.function(queue, BODIES)
    sources.map(queue, function, BatchSize=12, MaximumBatchingWindowInSeconds=2)
    for number in range(5):
        sources.send(queue, str(number))
        time.sleep(0.2)
    assert sources.wait_for(function, 1) == [list("01234")]
    sources.send(queue, *(str(number) for number in range(24)))  # a full batch does not wait
    started = time.monotonic()
    assert sum(len(batch) for batch in sources.wait_for(function, 3)[1:]) == 24
    assert time.monotonic() - started < 1.8


def test_filtered_messages_are_gone(sources: Sources, name: str) -> None:
    queue = sources.queue(name)
    function = sources.function(queue, BODIES + "\nraise ValueError")
    pattern = '{"body": {"kind": [{"equals-ignore-case": "A"}], "n": [{"numeric": [">", 1]}]}}'
    sources.map(queue, function, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    wanted = '{"kind": "a", "n": 2}'
    sources.send(queue, "text", '{"kind": "b", "n": 2}', wanted, '{"kind": "a", "n": "2"}')
    assert sources.wait_for(function, 1) == [[wanted]]
    until(lambda: sources.left(queue) == 1)


def test_groups_are_processed_in_parallel_and_each_in_order(sources: Sources, name: str) -> None:
    queue = sources.queue(f"{name}.fifo")
    body = (
        "import time\nrecord([time.time(), [r['body'] for r in records]])\ntime.sleep(0.5)\nrecord([time.time(), []])"
    )
    function = sources.function(queue, body)
    messages = [f"{group}:{number:02}" for number in range(6) for group in "abc"]
    sources.send(queue, *messages)
    started = time.monotonic()
    sources.map(queue, function, BatchSize=2)
    until(lambda: sources.left(queue) == 0)
    assert time.monotonic() - started < 9 * 0.5
    events = sorted(sources.recorded(function))
    seen = [body for _, bodies in events for body in bodies]
    for group in "abc":
        assert [each for each in seen if each[0] == group] == [each for each in messages if each[0] == group]
    running = most = 0
    for _, bodies in events:
        running += 1 if bodies else -1
        most = max(most, running)
    assert most == 3


def test_a_failed_message_holds_up_its_group_only(sources: Sources, name: str) -> None:
    queue = sources.queue(f"{name}.fifo", **SHORT)
    body = "for r in records:\n    record(r['body'])\n"
    body += "first = [r for r in records if r['body'] == 'a:0' and r['attributes']['ApproximateReceiveCount'] == '1']\n"
    failed = "return {'batchItemFailures': [{'itemIdentifier': r['messageId']} for r in first]}"
    function = sources.function(queue, body + failed, Timeout=2)
    sources.map(queue, function, BatchSize=1, FunctionResponseTypes=["ReportBatchItemFailures"])
    sources.send(queue, "a:0", "a:1", "b:0", "b:1")
    seen = sources.wait_for(function, 5)
    assert [each for each in seen if each[0] == "a"] == ["a:0", "a:0", "a:1"]
    assert seen.index("b:1") < seen.index("a:1")


def most_at_once(sources: Sources, function: str) -> int:
    running = most = 0
    for _, change in sorted(sources.recorded(function)):
        running += change
        most = max(most, running)
    return most


@pytest.mark.parametrize("maximum", [2, None])
def test_the_number_of_batches_at_a_time(sources: Sources, name: str, maximum: int | None) -> None:
    queue = sources.queue(name)
    slow = "import time\nrecord([time.time(), 1])\ntime.sleep(0.7)\nrecord([time.time(), -1])"
    function = sources.function(queue, slow)
    sources.send(queue, *map(str, range(8 if maximum else 20)))
    sources.map(queue, function, BatchSize=1, **({"ScalingConfig": {"MaximumConcurrency": maximum}} if maximum else {}))
    until(lambda: sources.left(queue) == 0, 20)
    most = most_at_once(sources, function)
    assert most == maximum if maximum else most > 5


def test_throttling_uses_up_no_receives(sources: Sources, client: Clients, name: str) -> None:
    queue = sources.queue(name)
    function = sources.function(queue, "record(records[0]['attributes']['ApproximateReceiveCount'])")
    client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    sources.map(queue, function)
    sources.send(queue, "a")
    time.sleep(1)
    client("lambda").delete_function_concurrency(FunctionName=function)
    assert sources.wait_for(function, 1) == ["1"]


def test_ten_thousand_messages(sources: Sources, client: Clients, name: str) -> None:
    queue = sources.queue(name)
    function = sources.function(queue, "pass")
    url = client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    sqs = client("sqs")
    sources.map(queue, function, BatchSize=10, ScalingConfig={"MaximumConcurrency": 5})
    started = time.monotonic()
    for _ in range(1000):
        sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": str(n)} for n in range(10)])
    until(lambda: sources.left(queue) == 0, 60)
    print(f"10,000 messages in {time.monotonic() - started:.1f} s")
