"""Limits, opt-outs, money, pace and moments: what every run keeps to."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.operations.limits import Limits
from shared.operations.moments import iso, moment_of
from shared.operations.money import BadPrice, Prices
from shared.operations.opt_out import OptOut, opt_out
from shared.operations.pace import BUCKETS, Pace, Rate, rate_of
from shared.operations.plan import Item, Plan

NOW = datetime(2026, 11, 23, 23, 59, tzinfo=UTC)
COUNTS = st.integers(min_value=0, max_value=60)


@given(st.lists(st.integers(min_value=0, max_value=50), max_size=40), COUNTS, COUNTS, st.floats(0, 100), COUNTS)
def test_a_limit_is_named_exactly_when_it_is_exceeded(
    sizes: list[int], max_count: int, max_gib: int, max_percent: float, others: int
) -> None:
    items = [Item(str(number), "DELETE", "", gib) for number, gib in enumerate(sizes)]
    seen = len(items) + others
    found = Limits.from_document({"max_count": max_count, "max_gib": max_gib, "max_percent": max_percent}).exceeded(
        items, seen
    )
    assert any("resources" in sentence for sentence in found) == (len(items) > max_count)
    assert any("GiB" in sentence for sentence in found) == (sum(sizes) > max_gib)
    assert any("%" in sentence for sentence in found) == (100 * len(items) / max(seen, 1) > max_percent)


@pytest.mark.parametrize(
    ("text", "protected", "word"),
    [
        ("2026-11-22", False, "expired on 2026-11-22"),
        ("2026-11-23", True, "until 2026-11-23"),
        (" 2026-11-24 ", True, "until 2026-11-24"),
        ("Forever", True, "for ever"),
        ("", True, "neither"),
        ("24.11.2026", True, "neither"),
        ("2026-13-01", True, "neither"),
        ("x" * 300, True, "neither"),
    ],
)
def test_an_opt_out_counts_to_the_end_of_its_day_and_protects_when_it_is_unreadable(
    text: str, protected: bool, word: str
) -> None:
    found = opt_out({"keep-until": text}, NOW)
    assert found.protected is protected
    assert word in found.reason
    assert len(found.reason) < 120


def test_without_the_tag_nothing_is_said_and_the_tag_may_have_another_name() -> None:
    assert opt_out({"owner": "ada"}, NOW) == OptOut(False)
    assert opt_out({"hold": "forever"}, NOW, "hold").protected


def test_an_unknown_price_is_nothing_and_is_remembered() -> None:
    prices = Prices.from_document({"gp3": "0.08"})
    assert prices.of("gp3") * 3 == Decimal("0.24")
    assert prices.of("io9") == 0
    assert prices.unknown == {"io9"}


@pytest.mark.parametrize("text", ["much", "-1", "NaN", "Infinity", ""])
def test_a_price_that_is_none_is_named(text: str) -> None:
    with pytest.raises(BadPrice, match="gp3"):
        Prices.from_document({"gp3": text})


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(("action", "requests", "seconds"), [("DeleteVolume", 350, 50), ("StartInstances", 105, 50)])
def test_a_burst_is_let_through_and_then_the_rate(action: str, requests: int, seconds: float) -> None:
    time = Time()
    pace = Pace(BUCKETS[action], time, time.sleep)
    for _ in range(requests):
        pace()
    assert time.now == pytest.approx(seconds)


@pytest.mark.parametrize(("workers", "pages"), [(4, 40), (4, 2), (1, 7), (8, 250)])
def test_all_pages_together_keep_to_one_bucket(workers: int, pages: int) -> None:
    whole, each = Rate(100, 5), 50
    share, time = whole.share(workers, pages), Time()
    for _ in range(pages):  # one after the other, in the time in which `workers` of them would be worked on at once
        pace = Pace(share, time, time.sleep)
        for _ in range(each):
            pace()
    elapsed = time.now / min(workers, pages)
    assert elapsed >= (pages * each - whole.burst) / whole.per_second - 0.01


def test_a_full_bucket_overflows() -> None:
    time = Time()
    pace = Pace(Rate(2, 1), time, time.sleep)
    time.sleep(1000)
    for _ in range(4):
        pace()
    assert time.now == pytest.approx(1002)


def test_an_account_s_own_rates_come_before_ec2_s() -> None:
    assert rate_of("DeleteVolume", {"DeleteVolume": {"burst": 200, "per_second": 10}}) == Rate(200, 10)
    assert rate_of("DeleteVolume", {"StopInstances": {"burst": 1, "per_second": 1}}) == BUCKETS["DeleteVolume"]


def test_moments_are_utc_and_read_back() -> None:
    there = datetime(2026, 11, 23, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    assert iso(there) == "2026-11-23T12:00:00Z"
    assert moment_of(iso(there)) == there
    with pytest.raises(ValueError, match="does not match"):
        moment_of("2026-11-23")


@given(st.integers(min_value=0, max_value=220))
def test_a_plan_and_its_pages_are_read_back_as_they_were_written(count: int) -> None:
    items = tuple(Item(f"r-{n}", "DELETE", "old", n, Decimal("0.08"), {"n": [n]}) for n in range(count))
    plan = Plan("run-1", "cleanup", count, {"workers": 4}, items, (("r-x", "kept"),))
    pages = list(plan.pages())
    assert Plan.from_document(plan.to_document()) == plan
    assert [type(page).from_document(page.to_document()) for page in pages] == pages
    assert tuple(item for page in pages for item in page.items) == items
    assert all(page.pages == len(pages) and len(page.items) <= 50 for page in pages)
