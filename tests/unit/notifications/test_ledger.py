"""Claims and windows, in memory and in DynamoDB: one holder at a time, and windows that fill and close."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from moto import mock_aws

from notifications.adapters.ledger import Table
from notifications.domain.claims import Claim, Found, Ledger, Status, WindowMoved
from notifications.domain.storm import Head, Window
from shared.clients import client
from shared.queues.errors import Refused, Transient
from tests.support.functions import ENVIRONMENT
from tests.unit.notifications.memory import Memory

NOW = 1_800_000_000
WINDOW = Window("all", "ops", NOW, 300)
CLAIM = Claim("ops", "f1", "m1", NOW, NOW + 30, 300)
OTHER = replace(CLAIM, message_id="m2")


@pytest.fixture(params=["memory", "table"])
def ledger(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    if request.param == "memory":
        yield Memory()
        return
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        make_table()
        yield Table("claims")


def make_table() -> None:
    client("dynamodb").create_table(
        TableName="claims",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def later(claim: Claim, seconds: int) -> Claim:
    return replace(claim, now=claim.now + seconds, held_until=claim.held_until + seconds)


def test_who_claims_first_has_it_and_a_place_in_the_window(ledger: Ledger) -> None:
    assert ledger.place(CLAIM, WINDOW, 2, None) is None
    assert ledger.head(WINDOW) == Head(shown=1)
    assert ledger.place(OTHER, WINDOW, 2, None) == Found(Status.CLAIMED, "m1", NOW + 30)
    assert ledger.head(WINDOW) == Head(shown=1)


def test_what_is_sent_is_settled_until_its_window_is_over_and_for_its_own_message_for_ever(ledger: Ledger) -> None:
    ledger.place(CLAIM, WINDOW, 2, None)
    ledger.settle(CLAIM, Status.SENT)
    assert ledger.place(later(OTHER, 299), WINDOW, 2, None) == Found(Status.SENT, "m1", 0)
    assert ledger.place(later(CLAIM, 5000), WINDOW, 2, None) == Found(Status.SENT, "m1", 0)
    assert ledger.place(later(OTHER, 300), WINDOW, 2, None) is None


def test_nobody_takes_over_what_is_held_and_one_takes_over_what_is_left(ledger: Ledger) -> None:
    ledger.place(CLAIM, WINDOW, 2, None)
    assert not ledger.take_over(later(OTHER, 29))
    assert ledger.take_over(later(OTHER, 30))
    assert not ledger.take_over(later(CLAIM, 31))
    ledger.settle(later(CLAIM, 31), Status.SENT)  # it was m1's no more
    assert ledger.place(later(CLAIM, 31), WINDOW, 2, None) == Found(Status.CLAIMED, "m2", NOW + 60)


def test_what_is_released_may_be_taken_over_at_once(ledger: Ledger) -> None:
    ledger.place(CLAIM, WINDOW, 2, None)
    ledger.release(OTHER)
    assert not ledger.take_over(CLAIM)
    ledger.release(CLAIM)
    assert ledger.take_over(CLAIM)


def test_what_was_sent_is_not_taken_over(ledger: Ledger) -> None:
    ledger.place(CLAIM, WINDOW, 2, None)
    ledger.settle(CLAIM, Status.SENT)
    assert not ledger.take_over(later(OTHER, 31))


def test_what_was_given_up_may_be_taken_over_by_another_message(ledger: Ledger) -> None:
    ledger.place(CLAIM, WINDOW, 2, None)
    ledger.settle(CLAIM, Status.GIVEN_UP)
    assert ledger.place(OTHER, WINDOW, 2, None) == Found(Status.GIVEN_UP, "m1", 0)
    assert ledger.take_over(OTHER)
    assert ledger.place(CLAIM, WINDOW, 2, None) == Found(Status.CLAIMED, "m2", NOW + 30)


def test_a_claim_that_is_held_longer_than_its_window_is_not_free_before(ledger: Ledger) -> None:
    short = replace(CLAIM, window_seconds=10)
    ledger.place(short, WINDOW, 2, None)
    assert ledger.place(later(OTHER, 20), WINDOW, 2, None) == Found(Status.CLAIMED, "m1", NOW + 30)
    assert ledger.place(later(OTHER, 30), WINDOW, 2, None) is None


def test_a_full_window_takes_more_for_its_digest_only_and_a_closed_one_nothing(ledger: Ledger) -> None:
    claims = [replace(CLAIM, fingerprint=f"f{number}") for number in range(5)]
    ledger.place(claims[0], WINDOW, 1, None)
    with pytest.raises(WindowMoved):
        ledger.place(claims[1], WINDOW, 1, None)
    assert ledger.place(claims[1], WINDOW, 1, "error#Build failed") is None
    assert ledger.place(claims[2], WINDOW, 1, "error#Build failed") is None
    assert ledger.place(claims[1], WINDOW, 1, "error#Build failed") == Found(Status.GATHERED, "m1", 0)
    expected = Head(shown=1, gathered=2, reminded=True, tallies={"error#Build failed": 2})
    assert ledger.close(WINDOW) == expected
    with pytest.raises(WindowMoved):
        ledger.place(claims[3], WINDOW, 1, "error#Build failed")
    with pytest.raises(WindowMoved):
        ledger.place(claims[3], WINDOW, 9, None)
    assert ledger.close(WINDOW) == ledger.head(WINDOW) == expected


def test_a_claim_without_a_window_counts_nowhere(ledger: Ledger) -> None:
    assert ledger.claim(CLAIM) is None
    assert ledger.claim(OTHER) == Found(Status.CLAIMED, "m1", NOW + 30)
    assert ledger.head(WINDOW) == Head()


def test_items_remove_themselves_but_not_before_a_message_may_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        make_table()
        Table("claims").place(CLAIM, WINDOW, 2, None)
        items = client("dynamodb").scan(TableName="claims")["Items"]
    assert len(items) == 2
    assert all(int(item["remove_at"]["N"]) > NOW + 14 * 86_400 for item in items)


def cancelled(*codes: str) -> Callable[..., Any]:
    """A transaction that others' writes cancel once for each code."""
    left = list(codes)
    dynamodb = client("dynamodb", hasty=True)

    def transact(**asked: Any) -> Any:
        if left:
            reasons = [{"Code": "None"}, {"Code": left.pop(0)}]
            answer = {
                "Error": {"Code": "TransactionCanceledException"},
                "CancellationReasons": reasons,
                "ResponseMetadata": {},
            }
            raise dynamodb.exceptions.TransactionCanceledException(answer, "TransactWriteItems")
        return original(**asked)

    original = dynamodb.transact_write_items
    return transact


@pytest.mark.parametrize(
    ("codes", "error"),
    [
        (["TransactionConflict", "ThrottlingError"], None),
        (["TransactionConflict"] * 6, Transient),
        (["ValidationError"], Refused),
    ],
)
def test_others_who_write_the_same_window_are_waited_for(
    monkeypatch: pytest.MonkeyPatch, codes: list[str], error: type[Exception] | None
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    slept: list[float] = []
    with mock_aws():
        make_table()
        monkeypatch.setattr(client("dynamodb", hasty=True), "transact_write_items", cancelled(*codes))
        table = Table("claims", sleep=slept.append)
        if error:
            with pytest.raises(error):
                table.place(CLAIM, WINDOW, 2, None)
        else:
            assert table.place(CLAIM, WINDOW, 2, None) is None
            assert len(slept) == len(codes)
            assert table.head(WINDOW) == Head(shown=1)
