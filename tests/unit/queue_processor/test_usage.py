"""A body is a usage record as agreed, or poison; nothing else, whatever it is."""

import json
import threading
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from queue_processor.domain.errors import BadJson, BrokenContract, Poison
from queue_processor.domain.usage import UsageRecord
from tests.unit.queue_processor.workflow import USAGE, body

LIMIT = 262_144  # a message's largest size on our queues
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text() | st.sampled_from(list(USAGE)), values),
)
NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,25})?", fullmatch=True)


def with_number(text: str) -> str:
    """Return a body whose quantity is a number with exactly these characters."""
    return body(quantity="@").replace('"@"', text)


@pytest.mark.parametrize("quantity", ["1250", 1250, "1250.0", 1250.0])
def test_a_quantity_is_a_number_or_a_text_and_keeps_its_digits(quantity: Any) -> None:
    assert UsageRecord.from_body(body(quantity=quantity)).quantity == 1250


def test_numbers_are_exact() -> None:
    exact = "123456789012345.123456789"
    assert UsageRecord.from_body(with_number(exact)).quantity == Decimal(exact)
    assert str(UsageRecord.from_body(with_number("1.5e3")).quantity) == "1500"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the body is not JSON"),
        ("\ufeff{}", "the body is not JSON"),
        ('{"usage_id": "u-1"', "the body is not JSON"),
        ("[" * LIMIT, "the body is nested too deeply"),
        ('{"a":' * (LIMIT // 5), "the body is nested too deeply"),
        (with_number("NaN"), "JSON has no NaN and no Infinity"),
        (with_number("-Infinity"), "JSON has no NaN and no Infinity"),
        (with_number("1e99999999999999999999"), "a number's exponent is out of all bounds"),
    ],
)
def test_what_is_not_json_is_poison(text: str, reason: str) -> None:
    with pytest.raises(BadJson, match=f"^{reason}$"):
        UsageRecord.from_body(text)


QUANTITY = "quantity must be a number from 0 with at most 15 digits before and 9 after the point"
TEXT = "usage_id must be printable text without spaces around it"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("null", "the body must be a JSON object"),
        ("[]", "the body must be a JSON object"),
        ("{}", "missing: usage_id, customer, meter, quantity, period"),
        (body(discount=10), "there are fields that nobody agreed on"),
        ('{"usage_id": "u-1", "usage_id": "u-2"}', "a field is there more than once"),
        (body(usage_id=None), TEXT),
        (body(usage_id=""), TEXT),
        (body(usage_id=" u-1"), TEXT),
        (body(usage_id="u\n1"), TEXT),
        (body(usage_id="\ud800"), TEXT),
        (body(usage_id=["u-1"]), TEXT),
        (body(usage_id="é" * 129), "usage_id must have at most 256 bytes"),
        (body(quantity=True), QUANTITY),
        (body(quantity=-1), QUANTITY),
        (body(quantity="-0"), QUANTITY),
        (body(quantity=" 1"), QUANTITY),
        (body(quantity="\u0661"), QUANTITY),
        (body(quantity="1e3"), QUANTITY),
        (body(quantity="1_000"), QUANTITY),
        (with_number("1" * (LIMIT - 200)), QUANTITY),
        (with_number("1e999999999"), QUANTITY),
        (with_number("0e999999999"), QUANTITY),
        (with_number("1e-999999999"), QUANTITY),
        (with_number("0." + "0" * (LIMIT - 200)), QUANTITY),
        (body(quantity=0.1 + 0.2), QUANTITY),
        (body(period="2026-13"), "period must be a month such as 2026-11"),
        (body(period="2026-11\n"), "period must be a month such as 2026-11"),
        (body(period=202611), "period must be a month such as 2026-11"),
    ],
)
def test_what_breaks_the_contract_is_poison_and_the_reason_holds_none_of_its_values(text: str, reason: str) -> None:
    with pytest.raises(BrokenContract) as refusal:
        UsageRecord.from_body(text)
    assert str(refusal.value) == reason


@pytest.mark.parametrize("value", [None, b"{}", 1, {}])
def test_a_body_that_is_no_text_is_poison(value: object) -> None:
    with pytest.raises(BadJson):
        UsageRecord.from_body(value)


@given(
    st.text() | st.binary().map(lambda data: data.decode("latin-1")) | JSON.map(json.dumps) | NUMBERS.map(with_number)
)
@example('{"a":' * 60_000 + "1" + "}" * 60_000)
def test_any_text_is_a_usage_record_or_poison(text: str) -> None:
    try:
        usage = UsageRecord.from_body(text)
    except Poison:
        return
    assert 0 <= usage.quantity < Decimal(10) ** 15


@given(field=st.sampled_from(list(USAGE)), value=JSON)
def test_any_value_of_a_field_is_accepted_or_poison(field: str, value: Any) -> None:
    try:
        UsageRecord.from_body(body(**{field: value}))
    except Poison as refusal:
        assert str(value) not in str(refusal) or len(str(value)) < 20, "a reason holds no values"  # noqa: PT017


def test_a_body_that_is_nested_too_deeply_is_poison_in_a_thread_as_well() -> None:
    errors: list[Exception] = []

    def read() -> None:
        try:
            UsageRecord.from_body("[" * LIMIT)
        except Exception as error:  # noqa: BLE001  # that is what we look at
            errors.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert [type(error) for error in errors] == [BadJson]
