"""ProcessMessages, from the golden event to the tables and queues: each message in a result, or away, or back."""

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queue_processor.adapters import results
from queue_processor.handlers import process_messages
from shared.clients import client
from shared.queues.message import Message
from tests.unit.queue_processor.workflow import PRICE_LIST, USAGE, Workflow, body, texts


def refusal(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "PutItem")


@pytest.fixture
def writes(workflow: Workflow) -> Iterator[list[str]]:
    """The operations that the handler asks DynamoDB for."""
    assert workflow
    found: list[str] = []

    def note(model: Any, **_: object) -> None:
        found.append(model.name)

    events = client("dynamodb", hasty=True).meta.events
    events.register("before-call.dynamodb", note)
    yield found
    events.unregister("before-call.dynamodb", note)


def fail_writes(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let DynamoDB answer every PutItem with an error."""

    class Failing:
        def __init__(self) -> None:
            self.exceptions = client("dynamodb").exceptions

        def put_item(self, **_: object) -> None:
            raise error

    monkeypatch.setattr(results, "client", lambda *_, **__: Failing())


def test_a_new_message_is_one_result_and_one_write(workflow: Workflow, writes: list[str]) -> None:
    assert workflow.process(workflow.message()) == []
    stored = workflow.results()["u-1"]
    assert Decimal(stored["amount"]) == Decimal("1.20")
    assert stored | {"amount": "", "processed_at": "", "expires_at": ""} == {
        "business_key": "u-1", "customer": "Ada", "meter": "api_calls", "period": "2026-11", "quantity": "1250",
        "currency": "EUR", "message_id": "m-1", "amount": "", "processed_at": "", "expires_at": "",
    }  # fmt: skip
    processed_at = datetime.fromisoformat(stored["processed_at"])
    assert int(stored["expires_at"]) - processed_at.timestamp() == 90 * 86_400
    assert writes == ["PutItem"]


def test_a_duplicate_leaves_the_stored_result_as_it_is(workflow: Workflow, writes: list[str]) -> None:
    workflow.process(workflow.message())
    before = workflow.results()
    again = workflow.message(body(quantity=1250.0), number=2, receives=2)
    assert workflow.process(again) == []
    assert workflow.results() == before
    assert writes == ["PutItem", "PutItem"]
    assert workflow.failures() == []


def test_a_duplicate_is_one_even_if_the_price_has_changed(workflow: Workflow) -> None:
    workflow.process(workflow.message())
    workflow.agree(json.dumps(PRICE_LIST | {"api_calls": {"currency": "EUR", "tiers": [{"unit_price": 9}]}}))
    assert workflow.process(workflow.message(number=2)) == []
    assert Decimal(workflow.results()["u-1"]["amount"]) == Decimal("1.2")


def test_a_key_that_another_record_has_is_poison(workflow: Workflow) -> None:
    workflow.process(workflow.message())
    assert workflow.process(workflow.message(body(quantity="1251"), number=2)) == []
    (failure,) = workflow.failures()
    assert texts(failure)["error_type"] == "KeyReused"
    assert workflow.results()["u-1"]["quantity"] == "1250"


def test_a_result_that_has_expired_does_not_count_though_it_is_still_there(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETENTION_DAYS", "-1")
    workflow.process(workflow.message())
    assert workflow.process(workflow.message(body(quantity="7"), number=2)) == []
    assert workflow.results()["u-1"]["quantity"] == "7"


def test_poison_is_on_the_failure_queue_as_it_was_with_its_reason_and_its_own_attributes(workflow: Workflow) -> None:
    assert workflow.process(workflow.message("{", number=7), workflow.message()) == []
    (failure,) = workflow.failures()
    assert failure["Body"] == "{"
    assert texts(failure) == {
        "reason": "the body is not JSON", "error_type": "BadJson", "first_seen": "2026-11-23T06:00:00.123+00:00",
        "source_message_id": "m-7", "source": "gateway",
    }  # fmt: skip
    assert failure["MessageAttributes"]["signature"]["BinaryValue"] == b"\x00\x01\x02"
    assert list(workflow.results()) == ["u-1"]


def test_poison_of_a_fifo_queue_keeps_its_group_and_is_there_once(ordered: Workflow) -> None:
    poison = ordered.message("{", group="tenant-1")
    assert ordered.process(poison) == ordered.process(poison) == []
    (failure,) = ordered.failures()
    assert failure["Attributes"]["MessageGroupId"] == "tenant-1"
    assert failure["Attributes"]["MessageDeduplicationId"] == "m-1"


@pytest.mark.parametrize(
    "error",
    [
        refusal("ProvisionedThroughputExceededException"),
        refusal("ThrottlingException"),
        refusal("TransactionConflictException"),
        refusal("InternalServerError", 500),
        ReadTimeoutError(endpoint_url="https://dynamodb"),
    ],
)
def test_what_a_moment_mends_goes_back_and_is_shown_again_soon(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    fail_writes(monkeypatch, error)
    monkeypatch.setattr(process_messages, "jittered", lambda attempt, first, longest: min(longest, first * 2**attempt))
    client("sqs").send_message(QueueUrl=workflow.queue, MessageBody=body())
    (received,) = client("sqs").receive_message(QueueUrl=workflow.queue, VisibilityTimeout=0)["Messages"]
    record = workflow.message(receives=2) | {"receiptHandle": received["ReceiptHandle"]}
    asked: list[Any] = []
    client("sqs", hasty=True).meta.events.register(
        "before-call.sqs.ChangeMessageVisibilityBatch", lambda params, **_: asked.append(json.loads(params["body"]))
    )
    assert workflow.process(record) == ["m-1"]
    assert [entry["VisibilityTimeout"] for entry in asked[0]["Entries"]] == [4]


def test_a_delay_is_spread_below_a_bound_that_doubles_up_to_the_longest(workflow: Workflow) -> None:
    delay_of = process_messages._delay  # noqa: SLF001  # what it asks for is seen above, how it varies is not

    def longest(receives: int) -> int:
        message = Message.from_record(workflow.message(receives=receives))
        return max(delay_of(message) for _ in range(300))

    assert 1 < longest(1) <= 2 < longest(3) <= 8 < longest(99) <= 900


def test_delays_that_cannot_be_asked_for_lose_nothing(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_writes(monkeypatch, refusal("ThrottlingException"))
    monkeypatch.setenv("QUEUE_URL", workflow.queue + "-that-is-gone")
    assert workflow.process(workflow.message()) == ["m-1"]


@pytest.mark.parametrize("error", [refusal("AccessDeniedException"), KeyError("secret"), RecursionError()])
def test_what_nobody_expected_goes_back_until_its_last_receive(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    fail_writes(monkeypatch, error)
    assert workflow.process(workflow.message(receives=2)) == ["m-1"]
    assert workflow.process(workflow.message(receives=3)) == []
    assert len(workflow.failures()) == 1


@pytest.mark.parametrize("price_list", ["{", '{"api_calls": {}}'])
def test_messages_wait_for_a_price_list_that_can_be_read(workflow: Workflow, price_list: str) -> None:
    workflow.agree(price_list)
    assert workflow.process(workflow.message()) == ["m-1"]
    assert workflow.failures() == []


def test_in_a_group_nothing_overtakes_what_failed(ordered: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = [
        ordered.message(body(usage_id=f"u-{number}"), number, group) for number, group in enumerate("abaab", start=1)
    ]
    store = results.store

    def fail_third(table: str, line: Any, message_id: str, days: int) -> Any:
        if message_id == "m-3":
            raise ValueError
        return store(table, line, message_id, days)

    monkeypatch.setattr(results, "store", fail_third)
    assert ordered.process(*batch) == ["m-3", "m-4"]
    assert set(ordered.results()) == {"u-1", "u-2", "u-5"}


def test_messages_go_back_untouched_when_there_is_no_time_for_them(workflow: Workflow) -> None:
    assert workflow.process(workflow.message("{"), seconds=2) == ["m-1"]
    assert workflow.failures() == []


def test_logs_and_metrics_tell_what_happened_and_nothing_of_the_bodies(
    workflow: Workflow, capsys: pytest.CaptureFixture[str], log: StringIO
) -> None:
    twice = workflow.message(body(customer="secret customer"))
    workflow.process(twice, twice, workflow.message('{"secret": 1}', number=2))
    metric, lines = json.loads(capsys.readouterr().out), [json.loads(line) for line in log.getvalue().splitlines()]
    assert "secret" not in json.dumps([metric, lines])
    counts = {"MessagesProcessed": [1.0], "Duplicates": [1.0], "Poison": [1.0], "Transient": [0.0], "Unknown": [0.0]}
    assert {name: metric[name] for name in counts} == counts
    (warning,) = [line for line in lines if line["level"] == "WARNING"]
    assert (warning["message_id"], warning["error_type"]) == ("m-2", "BrokenContract")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=5,
)
BODIES = (
    st.text()
    | JSON.map(json.dumps)
    | st.fixed_dictionaries({name: JSON | st.just(value) for name, value in USAGE.items()}).map(json.dumps)
    | st.sampled_from(["[" * 262_144, body(quantity="@").replace('"@"', "1" * 262_000), body(), body(meter="storage")])
)
RECORDS = st.fixed_dictionaries(
    {"body": BODIES},
    optional={
        "receiptHandle": st.text(),
        "attributes": st.dictionaries(
            st.sampled_from(["ApproximateReceiveCount", "SentTimestamp", "MessageGroupId"]), st.text()
        ),
        "messageAttributes": st.none() | st.just({}),
        "eventSourceARN": st.sampled_from(["arn:aws:sqs:us-east-1:0:q", "arn:aws:sqs:us-east-1:0:q.fifo"]),
    },
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(records=st.lists(RECORDS, min_size=1, max_size=5))
def test_whatever_a_batch_holds_each_message_is_in_a_result_or_away_or_back(
    workflow: Workflow, capsys: pytest.CaptureFixture[str], log: StringIO, records: list[dict[str, Any]]
) -> None:
    log.truncate(log.seek(0))
    batch = [record | {"messageId": f"m-{number}"} for number, record in enumerate(records)]
    returned = workflow.process(*batch)
    metric, done = json.loads(capsys.readouterr().out), json.loads(log.getvalue().splitlines()[-1])
    counted = sum(metric[name][0] for name in ("MessagesProcessed", "Duplicates", "Poison", "Transient", "Unknown"))
    assert counted + done["counts"].get("Untouched", 0) == len(batch)
    away = {texts(failure)["source_message_id"] for failure in workflow.failures()}
    assert away.isdisjoint(returned)
    assert len(away) + len(returned) == len(batch) - metric["MessagesProcessed"][0] - metric["Duplicates"][0]
