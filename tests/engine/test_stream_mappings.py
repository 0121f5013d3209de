"""Event source mappings of tables' streams: permissions, order, bisection, retries, destinations, age, expiry."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.sources import Sources
from tests.engine.test_cloudwatch_metrics import metric
from tests.engine.waiting import until

type Clients = Callable[[str], Any]
KEYS = "keys = [r['dynamodb']['Keys']['id']['S'] for r in records]\nrecord(keys)\n"
POISON = KEYS + "if 'poison' in keys: raise ValueError('poison')"


@pytest.mark.parametrize("missing", ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"])
def test_a_role_that_may_not_read_the_stream_is_refused(
    sources: Sources, make_role: Callable[..., str], name: str, missing: str
) -> None:
    stream = sources.table(name)
    actions = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"]
    role = make_role({"Action": [f"dynamodb:{each}" for each in actions if each != missing], "Resource": "*"})
    function = sources.functions.make("def handler(event, context): pass", Role=role)
    with pytest.raises(ClientError, match=f"Cannot access stream {stream}. .* perform: dynamodb:{missing}"):
        sources.map(stream, function)


def test_the_key_of_a_table_is_needed_to_read_its_stream(sources: Sources, client: Clients, name: str) -> None:
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    stream = sources.table(name, SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key})
    with pytest.raises(ClientError, match="perform: kms:Decrypt"):
        sources.map(stream, sources.function(stream, KEYS))
    function = sources.function(stream, KEYS, {"Action": "kms:Decrypt", "Resource": key})
    sources.map(stream, function)
    sources.put(stream, "a")
    assert sources.wait_for(function, 1) == [["a"]]


def test_records_are_as_aws_gives_them_and_stay_so(sources: Sources, client: Clients, name: str) -> None:
    stream = sources.table(name)
    function = sources.function(stream, "for r in records: record(r)")
    for value in ("1", "2"):
        client("dynamodb").update_item(
            TableName=name,
            Key={"id": {"S": "a"}},
            UpdateExpression="SET n = :n",
            ExpressionAttributeValues={":n": {"N": value}},
        )
    sources.map(stream, sources.functions.alias(function))
    first, second = sources.wait_for(function, 2)
    assert [first["eventName"], second["eventName"]] == ["INSERT", "MODIFY"]
    assert [each["dynamodb"]["NewImage"]["n"]["N"] for each in (first, second)] == ["1", "2"]
    numbers = [each["dynamodb"]["SequenceNumber"] for each in (first, second)]
    assert numbers == sorted(numbers, key=int)
    assert all(21 <= len(number) <= 40 and number[0] != "0" for number in numbers)
    assert first["dynamodb"]["SizeBytes"] > 0
    assert first["eventSourceARN"] == stream
    assert "userIdentity" not in first


def test_one_bad_record_is_isolated_and_reported(sources: Sources, client: Clients, name: str) -> None:
    stream, failures = sources.table(name), sources.queue(f"{name}-failures")
    send = {"Action": "sqs:SendMessage", "Resource": failures}
    function = sources.function(stream, POISON, send)
    sources.put(stream, "a", "b", "c", "poison", "d", "e", "f", "g")
    settings = {"DestinationConfig": {"OnFailure": {"Destination": failures}}}
    mapping = sources.map(
        stream, function, BisectBatchOnFunctionError=True, MaximumRetryAttempts=1, BatchSize=100, **settings
    )
    told = json.loads(until(lambda: sources.received(failures))[0]["Body"])
    until(lambda: ["e", "f", "g"] in [each[-3:] for each in sources.recorded(function)])
    seen = sources.recorded(function)
    assert seen.count(["poison"]) == 2
    succeeded = [key for keys in seen if "poison" not in keys for key in keys]
    assert succeeded == ["a", "b", "c", "d", "e", "f", "g"]
    batch = told["DDBStreamBatchInfo"]
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["requestContext"]["approximateInvokeCount"] == 2
    assert told["requestContext"]["functionArn"].endswith(function)
    assert told["responseContext"]["functionError"] == "Unhandled"
    assert batch["batchSize"] == 1
    assert batch["startSequenceNumber"] == batch["endSequenceNumber"]
    assert batch["streamArn"] == stream
    assert batch["shardId"].startswith("shardId-")
    read = client("dynamodbstreams")
    place = {"StreamArn": stream, "ShardId": batch["shardId"], "SequenceNumber": batch["startSequenceNumber"]}
    iterator = read.get_shard_iterator(ShardIteratorType="AT_SEQUENCE_NUMBER", **place)["ShardIterator"]
    records = read.get_records(ShardIterator=iterator, Limit=1)["Records"]
    assert records[0]["dynamodb"]["Keys"] == {"id": {"S": "poison"}}
    assert client("lambda").get_event_source_mapping(UUID=mapping)["LastProcessingResult"] == "OK"


def test_a_destination_needs_the_roles_permission(sources: Sources, client: Clients, name: str) -> None:
    stream, failures = sources.table(name), sources.queue(f"{name}-failures")
    function = sources.function(stream, POISON)
    destination = {"OnFailure": {"Destination": failures}}
    sources.put(stream, "poison", "a")
    sources.map(stream, function, BatchSize=1, MaximumRetryAttempts=0, DestinationConfig=destination)
    assert sources.wait_for(function, 2) == [["poison"], ["a"]]
    assert sources.left(failures) == 0
    failed = metric(client, "AWS/Lambda", "DestinationDeliveryFailures", "Sum", FunctionName=function)
    assert failed == 1


def test_a_batch_goes_on_from_the_record_that_failed(sources: Sources, name: str) -> None:
    stream = sources.table(name)
    report = "failed = [r for r in records if r['dynamodb']['Keys']['id']['S'] == 'c'] if 'b' in keys else []\n"
    answer = "return {'batchItemFailures': [{'itemIdentifier': r['dynamodb']['SequenceNumber']} for r in failed]}"
    function = sources.function(stream, KEYS + report + answer)
    sources.put(stream, "a", "b", "c", "d")
    sources.map(stream, function, FunctionResponseTypes=["ReportBatchItemFailures"])
    assert sources.wait_for(function, 2) == [["a", "b", "c", "d"], ["c", "d"]]


def test_a_malformed_answer_fails_the_batch(sources: Sources, name: str) -> None:
    stream = sources.table(name)
    function = sources.function(stream, KEYS + "return {'batchItemFailures': [{'itemIdentifier': ''}]}")
    sources.put(stream, "a", "b")
    settings = {"FunctionResponseTypes": ["ReportBatchItemFailures"], "MaximumRetryAttempts": 1}
    sources.map(stream, function, **settings)
    sources.wait_for(function, 2)
    sources.put(stream, "c")
    assert sources.wait_for(function, 3) == [["a", "b"], ["a", "b"], ["c"]]


def test_the_age_of_what_is_read_is_measured(sources: Sources, client: Clients, name: str) -> None:
    stream = sources.table(name)
    function = sources.function(stream, KEYS)
    sources.put(stream, "a")
    time.sleep(1.5)
    sources.map(stream, function)
    sources.wait_for(function, 1)
    age = metric(client, "AWS/Lambda", "IteratorAge", "Maximum", FunctionName=function)
    assert age is not None
    assert 1000 < age < 10_000


def test_a_slow_function_holds_up_no_other_source(sources: Sources, name: str) -> None:
    stream, queue = sources.table(name), sources.queue(name)
    slow = sources.function(stream, KEYS + "import time; time.sleep(4)")
    quick = sources.function(queue, "record(1)")
    sources.map(stream, slow)
    sources.map(queue, quick)
    sources.put(stream, "a")
    sources.wait_for(slow, 1)
    sources.send(queue, "b")
    assert sources.wait_for(quick, 1, 2) == [1]


def test_a_stream_gathers_a_batch_and_filters_it(sources: Sources, name: str) -> None:
    stream = sources.table(name)
    function = sources.function(stream, KEYS)
    pattern = json.dumps({"dynamodb": {"Keys": {"id": {"S": [{"prefix": "x"}]}}}})
    filters = {"Filters": [{"Pattern": pattern}]}
    sources.map(stream, function, MaximumBatchingWindowInSeconds=2, FilterCriteria=filters)
    for key in ("x1", "y", "x2"):
        sources.put(stream, key)
        time.sleep(0.3)
    assert sources.wait_for(function, 1) == [["x1", "x2"]]


def test_expired_items_are_deleted_by_dynamodb_itself(sources: Sources, client: Clients, name: str) -> None:
    stream = sources.table(name)
    table = client("dynamodb")
    table.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ends"})
    now = int(datetime.now(UTC).timestamp())
    ends = {"past": {"N": str(now - 1)}, "future": {"N": str(now + 600)}, "ancient": {"N": "1"}, "text": {"S": "1"}}
    for key, end in ends.items():
        table.put_item(TableName=name, Item={"id": {"S": key}, "ends": end})
    function = sources.function(stream, "for r in records: record([r['eventName'], r.get('userIdentity')])")
    sources.map(stream, function)
    removed = ["REMOVE", {"type": "Service", "principalId": "dynamodb.amazonaws.com"}]
    until(lambda: removed in sources.recorded(function))
    kept = {item["id"]["S"] for item in table.scan(TableName=name)["Items"]}
    assert kept == {"future", "ancient", "text"}
