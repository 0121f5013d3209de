"""Documents become dataclasses, or a sentence that says where and why they do not."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.typed import NAME, BadDocument, decoded, parsed


@dataclass(frozen=True)
class Tier:
    unit_price: Decimal
    up_to: Decimal | None

    def __post_init__(self) -> None:
        if self.unit_price < 0:
            raise ValueError("a price is not negative")


@dataclass(frozen=True)
class Plan:
    name: str
    whole: int
    share: float
    strict: bool
    tiers: tuple[Tier, ...]
    labels: Mapping[str, str]
    sources: tuple[str, ...] = field(default=(), metadata={NAME: "from"})
    note: str | None = None
    seconds: int = 60


PLAN: dict[str, Any] = {
    "name": "gold",
    "whole": 3,
    "share": 0.5,
    "strict": True,
    "tiers": [{"unit_price": "0.1", "up_to": 10}, {"unit_price": 0.25}],
    "labels": {"a": "b"},
    "from": ["x", "y"],
}


def test_a_document_fills_a_dataclass() -> None:
    tiers = (Tier(Decimal("0.1"), Decimal(10)), Tier(Decimal("0.25"), None))
    assert decoded(Plan, PLAN) == Plan("gold", 3, 0.5, True, tiers, {"a": "b"}, ("x", "y"), None, 60)


def test_a_text_s_decimals_are_exact() -> None:
    text = json.dumps(PLAN).replace("0.25", "0.2500000000000000000000000001")
    assert parsed(Plan, text).tiers[1].unit_price == Decimal("0.2500000000000000000000000001")


def test_what_is_unknown_does_not_matter_and_null_is_absent() -> None:
    found = decoded(Plan, PLAN | {"later": {"x": 1}, "seconds": None, "note": None, "from": None})
    assert (found.seconds, found.note, found.sources) == (60, None, ())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": None}, "name is missing"),
        ({"name": 7}, "name: 7 is no text"),
        ({"whole": "3"}, 'whole: "3" is no whole number'),
        ({"whole": 1.5}, "whole: 1.5 is no whole number"),
        ({"whole": True}, "whole: true is no whole number"),
        ({"whole": Decimal("1e999")}, 'whole: "1E+999" is no whole number'),
        ({"share": "0.5"}, 'share: "0.5" is no number'),
        ({"share": float("nan")}, "share: NaN is no number"),
        ({"strict": "true"}, 'strict: "true" is neither true nor false'),
        ({"strict": 1}, "strict: 1 is neither true nor false"),
        ({"tiers": {}}, "tiers: {} is no list"),
        ({"tiers": ["x"]}, 'tiers[0]: "x" is no object'),
        ({"tiers": [{"unit_price": "1"}, {}]}, "tiers[1].unit_price is missing"),
        ({"tiers": [{"unit_price": "a lot"}]}, 'tiers[0].unit_price: "a lot" is no number'),
        ({"tiers": [{"unit_price": -1}]}, "tiers[0]: a price is not negative"),
        ({"tiers": [{"unit_price": 1, "up_to": False}]}, "tiers[0].up_to: false is no number"),
        ({"labels": ["a"]}, 'labels: ["a"] is no object'),
        ({"labels": {"a": 1}}, 'labels["a"]: 1 is no text'),
        ({"from": "x"}, 'from: "x" is no list'),
        ({"from": ["x", 1]}, "from[1]: 1 is no text"),
        ({"name": ["x" * 99]}, f'name: ["{"x" * 38}… is no text'),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadDocument) as refused:
        decoded(Plan, PLAN | change)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"), [("{", "it is not JSON"), ("[]", "[] is no object"), ("[" * 100_000, "it is not JSON")]
)
def test_a_text_that_is_none(text: str, sentence: str) -> None:
    with pytest.raises(BadDocument) as refused:
        parsed(Plan, text)
    assert str(refused.value).startswith(sentence)


TIERS = st.builds(
    Tier,
    st.decimals(0, 10**9, places=4),
    st.none() | st.decimals(0, 10**9, places=2),
)
PLANS = st.builds(
    Plan,
    name=st.text(),
    whole=st.integers(-(10**30), 10**30),
    share=st.floats(-1e30, 1e30),
    strict=st.booleans(),
    tiers=st.lists(TIERS, max_size=3).map(tuple),
    labels=st.dictionaries(st.text(), st.text(), max_size=3),
    sources=st.lists(st.text(), max_size=3).map(tuple),
    note=st.none() | st.text(),
    seconds=st.integers(0, 10**6),
)


@given(PLANS)
def test_what_is_written_is_read_again(plan: Plan) -> None:
    document = {"from" if name == "sources" else name: value for name, value in asdict(plan).items()}
    assert parsed(Plan, json.dumps(document, default=str)) == plan


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*PLAN, "x"]), inner, max_size=4),
)


@given(st.dictionaries(st.sampled_from(list(PLAN)), JSON))
def test_nothing_else_is_ever_raised(change: dict[str, Any]) -> None:
    with suppress(BadDocument):
        assert isinstance(decoded(Plan, PLAN | change), Plan)
