"""Prices are graduated and exact: nothing is rounded but the line's amount, once, half to even."""

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_processor.domain.errors import BadPriceList, UnknownMeter
from queue_processor.domain.prices import PriceList
from queue_processor.domain.usage import UsageRecord
from tests.unit.queue_processor.workflow import PRICE_LIST, body

PRICES = st.decimals(0, 999_999_999, places=9)
QUANTITIES = st.decimals(0, 10**15 - 1, places=9)


def amount(**usage: Any) -> str:
    line = PriceList.from_text(json.dumps(PRICE_LIST)).line(UsageRecord.from_body(body(**usage)))
    return f"{line.amount} {line.currency}"


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("0", "0.00 EUR"),
        ("1000", "1.00 EUR"),
        ("1250", "1.20 EUR"),
        ("15", "0.02 EUR"),  # 0.015 is half way, and 2 is even
        ("25", "0.02 EUR"),  # 0.025 is half way as well
        ("999999999999999", "800000000000.20 EUR"),
    ],
)
def test_each_part_of_a_quantity_has_the_price_of_its_tier(quantity: str, expected: str) -> None:
    assert amount(quantity=quantity) == expected


def test_a_currency_has_its_own_minor_units() -> None:
    assert amount(meter="storage", quantity="2.5") == "8 JPY"


@given(
    quantity=QUANTITIES,
    limits=st.lists(st.integers(1, 999_999_999), unique=True, max_size=5).map(sorted),
    prices=st.lists(PRICES, min_size=6, max_size=6),
    minor_units=st.integers(0, 4),
)
def test_an_amount_is_the_exact_one_rounded_once(
    quantity: Decimal, limits: list[int], prices: list[Decimal], minor_units: int
) -> None:
    ends = [*limits, None]
    tiers = [{"up_to": end, "unit_price": f"{price:f}"} for end, price in zip(ends, prices, strict=False)]
    document = {"any": {"currency": "EUR", "minor_units": minor_units, "tiers": tiers}}
    meter = PriceList.from_text(json.dumps(document)).meters["any"]
    exact, start = Fraction(0), Fraction(0)
    for end, price in zip(ends, prices, strict=False):
        stop = min(Fraction(quantity), end) if end else Fraction(quantity)
        exact += max(stop - start, 0) * Fraction(price)
        start = max(start, stop)
    result = meter.amount(quantity)
    assert Fraction(result) == Fraction(round(exact * 10**minor_units), 10**minor_units)
    assert len(result.as_tuple().digits) <= 38, "more digits than DynamoDB keeps"


def test_a_meter_that_is_not_in_the_list_is_poison() -> None:
    with pytest.raises(UnknownMeter, match=r"^the meter has no price$"):
        amount(meter="unheard of")


LAST = {"unit_price": "1"}


@pytest.mark.parametrize(
    "meter",
    [
        None,
        {"tiers": [LAST]},
        {"currency": "euro", "tiers": [LAST]},
        {"currency": 978, "tiers": [LAST]},
        {"currency": "EUR", "minor_units": 5, "tiers": [LAST]},
        {"currency": "EUR", "minor_units": "2", "tiers": [LAST]},
        {"currency": "EUR", "tiers": []},
        {"currency": "EUR", "tiers": [LAST, LAST]},
        {"currency": "EUR", "tiers": [LAST | {"up_to": 5}]},
        {"currency": "EUR", "tiers": [LAST | {"up_to": 5}, LAST | {"up_to": 5}, LAST]},
        {"currency": "EUR", "tiers": [LAST | {"up_to": 0}, LAST]},
        {"currency": "EUR", "tiers": [{"unit_price": -1}]},
        {"currency": "EUR", "tiers": [{"unit_price": True}]},
        {"currency": "EUR", "tiers": [{"unit_price": float("nan")}]},
        {"currency": "EUR", "tiers": [{"unit_price": "1" * 10}]},
    ],
    ids=json.dumps,
)
def test_a_price_list_that_contradicts_itself_is_our_mistake(meter: Any) -> None:
    with pytest.raises(BadPriceList):
        PriceList.from_text(json.dumps({"api_calls": meter}))


@pytest.mark.parametrize("document", [None, [], 1, "prices"])
def test_a_price_list_is_an_object(document: Any) -> None:
    with pytest.raises(BadPriceList):
        PriceList.from_text(json.dumps(document))
