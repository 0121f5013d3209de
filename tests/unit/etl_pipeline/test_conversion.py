"""Texts become DynamoDB's JSON exactly, or are refused with a reason."""

import json
from decimal import Decimal

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given
from hypothesis import strategies as st

from etl_pipeline.domain.contract import ColumnRule
from etl_pipeline.domain.conversion import BadValue, Column

MISSING = frozenset({"", "NA"})


def column(kind: str, *, required: bool = False, pattern: str | None = None, max_length: int = 20) -> Column:
    return Column(ColumnRule("value", kind, required, pattern, max_length), MISSING, remembered=100)


def read_back(fragment: str) -> object:
    return TypeDeserializer().deserialize(json.loads(f"{{{fragment}}}")["value"])


@pytest.mark.parametrize(
    ("kind", "pattern", "text", "value"),
    [
        ("string", None, '  "é" \t', '"é"'),
        ("integer", None, " +007 ", Decimal(7)),
        ("integer", None, "-0", Decimal(0)),
        ("decimal", None, "-12.50", Decimal("-12.5")),
        ("decimal", None, "1e3", Decimal(1000)),
        ("decimal", None, ".5", Decimal("0.5")),
        ("boolean", None, "YES", True),
        ("boolean", None, "f", False),
        ("date", None, "2026-11-23", "2026-11-23"),
        ("date", None, "20261123", "2026-11-23"),
        ("date", "%d.%m.%Y", "23.11.2026", "2026-11-23"),
        ("timestamp", None, "2026-11-23T07:50:00+02:00", "2026-11-23T05:50:00+00:00"),
        ("timestamp", None, "2026-11-23 07:50", "2026-11-23T07:50:00"),
        ("timestamp", "%d/%m/%Y %H.%M", "23/11/2026 07.50", "2026-11-23T07:50:00"),
    ],
)
def test_a_text_is_read_as_its_columns_type(kind: str, pattern: str | None, text: str, value: object) -> None:
    assert read_back(column(kind, pattern=pattern)[text]) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "1.0"),
        ("integer", "1_000"),
        ("integer", "٣"),
        ("integer", "1" * 39),
        ("decimal", "1,5"),
        ("decimal", "NaN"),
        ("decimal", "Infinity"),
        ("decimal", "1" * 38 + ".1"),
        ("decimal", "1e126"),
        ("decimal", "1e-131"),
        ("boolean", "maybe"),
        ("date", "2026-02-30"),
        ("timestamp", "noon"),
    ],
)
def test_a_text_that_would_have_to_be_guessed_or_rounded_is_refused(kind: str, text: str) -> None:
    with pytest.raises(BadValue) as refusal:
        column(kind)[text]
    assert refusal.value.args == ("value", f"is not a valid {kind}", text)


def test_a_missing_value_leaves_no_attribute_unless_it_is_required() -> None:
    assert column("integer")[" NA "] == ""
    with pytest.raises(BadValue, match="is required"):
        column("integer", required=True)["NA"]


def test_a_strings_length_counts_bytes() -> None:
    assert read_back(column("string", max_length=4)["éé"]) == "éé"
    with pytest.raises(BadValue, match="is longer than 4 bytes"):
        column("string", max_length=4)["ééé"]


def test_half_a_surrogate_pair_from_json_is_refused() -> None:
    with pytest.raises(BadValue, match="is not valid Unicode"):
        column("string")["\ud800"]


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6))
def test_decimals_are_exact(number: Decimal) -> None:
    assert read_back(column("decimal")[str(number)]) == number


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_every_text_survives(text: str) -> None:
    fragment = column("string", max_length=10_000)[text]
    assert fragment == "" if text.strip() in MISSING else read_back(fragment) == text.strip()


def test_only_short_values_are_remembered_and_only_so_many() -> None:
    texts = column("string", max_length=100)
    texts["x" * 65]
    for number in range(200):
        texts[str(number)]
    assert len(texts) == 100
