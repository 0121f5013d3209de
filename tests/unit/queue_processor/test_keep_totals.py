"""KeepTotals: a total is the sum of its customer's results, however the stream delivers them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_processor.adapters import totals
from queue_processor.domain.totals import MAX_ACTIONS, Charge, sums, transactions
from queue_processor.handlers import keep_totals
from shared.clients import client
from tests.unit.queue_processor.workflow import TOTALS, Workflow

CHARGES = st.lists(
    st.builds(
        Charge,
        event_id=st.uuids().map(str),
        sequence_number=st.integers(1).map(str),
        total=st.sampled_from([f"c-{n}#EUR" for n in range(90)]),
        amount=st.decimals(0, 10**24, places=2),
    ),
    max_size=400,
)


@pytest.fixture
def sizes(workflow: Workflow) -> Iterator[list[int]]:
    """The number of actions in each transaction."""
    assert workflow
    found: list[int] = []

    def note(params: dict[str, Any], **_: object) -> None:
        found.append(params["body"].count(b"TableName"))

    events = client("dynamodb", hasty=True).meta.events
    events.register("before-call.dynamodb.TransactWriteItems", note)
    yield found
    events.unregister("before-call.dynamodb.TransactWriteItems", note)


def test_results_are_added_to_the_totals_of_their_customer_and_currency(workflow: Workflow, sizes: list[int]) -> None:
    batch = [
        workflow.change(1),
        workflow.change(2, amount={"N": "0.3"}),
        workflow.change(3, customer={"S": "Grace"}),
        workflow.change(4, currency={"S": "JPY"}, amount={"N": "8"}),
    ]
    assert workflow.count(*batch) == []
    assert workflow.totals() == {"Ada#EUR": ("1.5", "2"), "Grace#EUR": ("1.2", "1"), "Ada#JPY": ("8", "1")}
    assert sizes == [4 + 3]


def test_a_record_that_is_delivered_again_counts_once(workflow: Workflow) -> None:
    first, second, third = (workflow.change(number) for number in (1, 2, 3))
    for batch in ([first], [first, second], [first, second], [second, third, third]):
        assert workflow.count(*batch) == []
    assert workflow.totals() == {"Ada#EUR": ("3.6", "3")}


def test_what_ttl_removes_is_not_taken_back_and_what_takes_its_place_counts(workflow: Workflow) -> None:
    removal = workflow.change(2, "REMOVE")
    del removal["dynamodb"]["NewImage"]
    assert workflow.count(workflow.change(1), removal, workflow.change(3, "MODIFY")) == []
    assert workflow.totals() == {"Ada#EUR": ("2.4", "2")}


def test_a_record_that_cannot_be_read_goes_back_and_those_before_it_count(workflow: Workflow) -> None:
    odd = workflow.change(2, amount={"S": "secret"})
    assert workflow.count(workflow.change(1), odd, workflow.change(3)) == ["102"]
    assert workflow.totals() == {"Ada#EUR": ("1.2", "1")}


def test_after_a_failure_the_stream_goes_on_from_the_first_record_that_does_not_count(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, added = totals.add, []

    def fail_second(table: str, charges: list[Charge], *rest: Any) -> None:
        added.append(len(charges))
        if len(added) == 2:
            raise ValueError
        add(table, charges, *rest)

    monkeypatch.setattr(totals, "add", fail_second)
    batch = [workflow.change(number) for number in range(250)]
    assert workflow.count(*batch) == ["199"]
    assert workflow.totals() == {"Ada#EUR": ("118.8", "99")}
    assert added == [99, 99]
    assert workflow.count(*batch[99:]) == []
    assert workflow.totals() == {"Ada#EUR": ("300.0", "250")}


class Busy:
    """DynamoDB, where other transactions are in the way a number of times."""

    def __init__(self, times: int, code: str) -> None:
        self.exceptions: Any = None
        self.times = times
        self.code = code

    def transact_write_items(self, TransactItems: list[Any]) -> None:  # noqa: N803  # botocore's name
        if self.times:
            self.times -= 1
            reasons = [{"Code": "None"}] * (len(TransactItems) - 1) + [{"Code": self.code}]
            answer = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
            raise self.exceptions.TransactionCanceledException(answer | {"ResponseMetadata": {}}, "TransactWriteItems")


@pytest.mark.parametrize(("busy", "seconds", "failed"), [
    (Busy(3, "TransactionConflict"), 60, []),
    (Busy(3, "ThrottlingError"), 60, []),
    (Busy(1, "TransactionConflict"), 5, ["101"]),
    (Busy(1, "ValidationError"), 60, ["101"]),
])  # fmt: skip
def test_totals_that_are_busy_are_waited_for_while_there_is_time(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch, busy: Busy, seconds: float, failed: list[str]
) -> None:
    busy.exceptions = client("dynamodb").exceptions
    monkeypatch.setattr(totals, "client", lambda *_, **__: busy)
    assert workflow.count(workflow.change(1), seconds=seconds) == failed
    assert busy.times == 0


def test_a_mark_expires(workflow: Workflow) -> None:
    workflow.count(workflow.change(1))
    mark = client("dynamodb").get_item(TableName=TOTALS, Key={"customer_currency": {"S": "seen#e-1"}})["Item"]
    assert int(mark["expires_at"]["N"]) > 0
    assert keep_totals.settings().totals_table == TOTALS


@given(CHARGES)
def test_transactions_hold_every_charge_in_order_and_are_never_too_large(charges: list[Charge]) -> None:
    packed = list(transactions(charges))
    assert [charge for transaction in packed for charge in transaction] == charges
    assert all(len(transaction) + len(sums(transaction)) <= MAX_ACTIONS for transaction in packed)
    assert len(packed) <= 1 + len(charges) // (MAX_ACTIONS // 2)


@given(CHARGES)
def test_sums_are_exact(charges: list[Charge]) -> None:
    found = sums(charges)
    assert sum(lines for _, lines in found.values()) == len(charges)
    exact = sum(int(charge.amount.scaleb(2)) for charge in charges)
    assert sum(int(amount.scaleb(2)) for amount, _ in found.values()) == exact
    assert all(amount == Decimal(str(amount)) for amount, _ in found.values())
