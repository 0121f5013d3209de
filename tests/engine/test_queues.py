"""SQS: nothing is lost under load; dead letters, receipts, sizes, groups and duplicates as in AWS."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.sources import Sources
from tests.engine.waiting import until

type Clients = Callable[[str], Any]


@pytest.fixture
def sqs(client: Clients) -> Any:
    return client("sqs")


def url_of(sqs: Any, queue: str) -> str:
    return str(sqs.get_queue_url(QueueName=queue.rsplit(":", 1)[1])["QueueUrl"])


def redrive(target: str, count: int = 3) -> str:
    return json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": count})


def by_queue(*sources: str) -> str:
    return json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": sources})


def test_only_the_queue_named_may_redrive_to_a_failure_queue(sources: Sources, sqs: Any, name: str) -> None:
    failures = sources.queue(f"{name}-failures")
    named = sources.queue(f"{name}-named", RedrivePolicy=redrive(failures))
    policy = {"RedriveAllowPolicy": by_queue(named)}
    sqs.set_queue_attributes(QueueUrl=url_of(sqs, failures), Attributes=policy)
    sqs.set_queue_attributes(QueueUrl=url_of(sqs, named), Attributes={"RedrivePolicy": redrive(failures, 5)})
    with pytest.raises(ClientError, match="redrive allow policy does not allow this queue"):
        sources.queue(f"{name}-other", RedrivePolicy=redrive(failures))
    other = sources.queue(f"{name}-other")
    with pytest.raises(ClientError, match="redrive allow policy does not allow this queue"):
        sqs.set_queue_attributes(QueueUrl=url_of(sqs, other), Attributes={"RedrivePolicy": redrive(failures)})


@pytest.mark.parametrize("policy", ["{}", '{"redrivePermission": "some"}', '{"redrivePermission": "byQueue"}'])
def test_a_bad_redrive_allow_policy_is_refused(sources: Sources, name: str, policy: str) -> None:
    with pytest.raises(ClientError, match="RedriveAllowPolicy is invalid"):
        sources.queue(name, RedriveAllowPolicy=policy)


def test_nobody_may_redrive_where_all_are_denied_or_the_kind_differs(sources: Sources, name: str) -> None:
    closed = sources.queue(f"{name}-closed", RedriveAllowPolicy='{"redrivePermission": "denyAll"}')
    with pytest.raises(ClientError, match="redrive allow policy"):
        sources.queue(name, RedrivePolicy=redrive(closed))
    with pytest.raises(ClientError, match="same type of queue"):
        sources.queue(f"{name}.fifo", RedrivePolicy=redrive(sources.queue(f"{name}-standard")))


def test_a_message_received_too_often_becomes_a_dead_letter(sources: Sources, name: str) -> None:
    failures = sources.queue(f"{name}-failures")
    queue = sources.queue(name, RedrivePolicy=redrive(failures, 2), VisibilityTimeout="0")
    sources.send(queue, "a", MessageAttributes={"kind": {"DataType": "String", "StringValue": "b"}})
    first, second = sources.received(queue)[0], sources.received(queue)[0]
    assert [each["Attributes"]["ApproximateReceiveCount"] for each in (first, second)] == ["1", "2"]
    assert sources.left(failures) == 0
    assert sources.received(queue) == []
    [dead] = sources.received(failures)
    assert dead["MessageId"] == first["MessageId"]
    assert dead["MessageAttributes"]["kind"]["StringValue"] == "b"
    assert dead["Attributes"]["DeadLetterQueueSourceArn"] == queue
    assert dead["Attributes"]["SentTimestamp"] == first["Attributes"]["SentTimestamp"]
    assert dead["Attributes"]["ApproximateReceiveCount"] == "3"


def test_one_group_is_received_at_a_time_and_in_order(sources: Sources, sqs: Any, name: str) -> None:
    queue = sources.queue(f"{name}.fifo", VisibilityTimeout="60")
    sources.send(queue, "a:1", "b:1", "a:2", "b:2")
    url = url_of(sqs, queue)
    first = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2)["Messages"]
    assert [each["Body"] for each in first] == ["a:1", "a:2"]
    second = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [each["Body"] for each in second] == ["b:1", "b:2"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=first[1]["ReceiptHandle"], VisibilityTimeout=0)
    assert sources.received(queue) == []  # a:1 is still in flight
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=first[0]["ReceiptHandle"], VisibilityTimeout=0)
    assert [each["Body"] for each in sources.received(queue)] == ["a:1", "a:2"]


def test_a_duplicate_within_five_minutes_is_accepted_once(sources: Sources, sqs: Any, name: str) -> None:
    queue = sources.queue(f"{name}.fifo")
    sources.send(queue, "a:1", "a:1")
    [message] = sources.received(queue)
    sqs.delete_message(QueueUrl=url_of(sqs, queue), ReceiptHandle=message["ReceiptHandle"])
    sources.send(queue, "a:1")
    assert sources.left(queue) == 0


def test_visibility_is_changed_while_in_flight_only(sources: Sources, sqs: Any, name: str) -> None:
    queue = sources.queue(name)
    url = url_of(sqs, queue)
    sources.send(queue, "a")
    handle = sources.received(queue)[0]["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    with pytest.raises(ClientError, match="MessageNotInflight"):
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=60)
    with pytest.raises(ClientError, match="between 0 and 43200"):
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=43_201)
    entry = {"Id": "a", "ReceiptHandle": handle, "VisibilityTimeout": 60}
    answer = sqs.change_message_visibility_batch(QueueUrl=url, Entries=[entry])
    assert [failed["Code"] for failed in answer["Failed"]] == ["MessageNotInflight"]
    assert len(sources.received(queue)) == 1


def test_an_older_receipt_deletes_nothing(sources: Sources, sqs: Any, name: str) -> None:
    queue = sources.queue(name, VisibilityTimeout="0")
    url = url_of(sqs, queue)
    sources.send(queue, "a")
    older, latest = (sources.received(queue)[0]["ReceiptHandle"] for _ in range(2))
    sqs.delete_message(QueueUrl=url, ReceiptHandle=older)
    assert sources.left(queue) == 1
    for _ in range(2):  # and deleting twice is no error
        sqs.delete_message(QueueUrl=url, ReceiptHandle=latest)
    entries = [{"Id": "a", "ReceiptHandle": latest}, {"Id": "b", "ReceiptHandle": "nonsense"}]
    answer = sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    assert [each["Id"] for each in answer["Successful"]] == ["a"]
    assert [each["Id"] for each in answer["Failed"]] == ["b"]


def test_an_expired_receipt_of_a_fifo_queue_deletes_nothing(sources: Sources, sqs: Any, name: str) -> None:
    queue = sources.queue(f"{name}.fifo", VisibilityTimeout="0")
    sources.send(queue, "a:1")
    handle = sources.received(queue)[0]["ReceiptHandle"]
    with pytest.raises(ClientError, match="The receipt handle has expired"):
        sqs.delete_message(QueueUrl=url_of(sqs, queue), ReceiptHandle=handle)
    assert sources.left(queue) == 1


def test_attributes_count_as_a_messages_size(sources: Sources, name: str) -> None:
    limit = 262_144
    queue = sources.queue(name, MaximumMessageSize=str(limit))
    attribute = {"kind": {"DataType": "String", "StringValue": "a"}}
    taken = len("kind") + len("String") + 1
    sources.send(queue, "b" * (limit - taken), MessageAttributes=attribute)
    with pytest.raises(ClientError, match="Message must be shorter than 262144 bytes"):
        sources.send(queue, "b" * (limit - taken + 1), MessageAttributes=attribute)


def test_no_message_is_lost_or_comes_back_under_load(sources: Sources, client: Clients, name: str) -> None:
    queue = sources.queue(name)
    function = sources.function(queue, "for r in records: record(r['body'])")
    sources.map(queue, function, BatchSize=10)
    url = url_of(client("sqs"), queue)

    def send(sender: int) -> None:
        sqs = client("sqs")
        for start in range(0, 500, 10):
            bodies = [f"{sender}-{number}" for number in range(start, start + 10)]
            sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": body, "MessageBody": body} for body in bodies])

    senders = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    until(lambda: sources.left(queue) == 0, 30)
    time.sleep(0.3)
    expected = sorted(f"{sender}-{number}" for sender in range(4) for number in range(500))
    assert sorted(sources.recorded(function)) == expected


def test_a_batch_needs_the_permission_of_a_single_call(as_role: Callable[..., Any], client: Any, name: str) -> None:
    url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    queue = f"arn:aws:sqs:us-east-1:000000000000:{name}"
    sqs = as_role({"Action": ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"], "Resource": queue})("sqs")
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "hello"}])
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": handle}])
