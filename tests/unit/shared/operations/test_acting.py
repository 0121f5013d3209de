"""A page is acted on once, whatever cuts it off, and one failing resource does not hurt the others."""

from collections.abc import Mapping
from typing import Any

import pytest

from shared.operations.acting import Claim, Progress, Skip, Status, Step, Vanished, Worker, act
from shared.operations.plan import Item

ITEMS = [Item(f"r-{number}", "DELETE", "unused") for number in range(3)]


class Busy(Exception):
    """A fault that passes."""


class Books:
    """A ledger in memory."""

    def __init__(self, claims: dict[str, Claim] | None = None) -> None:
        self.claims, self.lines = claims or {}, list[tuple[Any, ...]]()

    def claim(self, item: Item) -> Claim:
        return self.claims.get(item.resource_id, Claim(mine=True))

    def release(self, item: Item, *, begun: bool) -> None:
        self.lines.append((item.resource_id, "released", begun))

    def settle(self, item: Item, status: Status, reason: str, facts: Mapping[str, Any]) -> None:
        self.lines.append((item.resource_id, status, reason, dict(facts)))


def worker(books: Books, *times: bool) -> Worker:
    left = iter(times)
    return Worker(books, lambda: None, lambda: next(left, True), lambda error: isinstance(error, Busy))


def raising(resource_id: str, error: Exception) -> Any:
    def step(item: Item) -> None:
        if item.resource_id == resource_id:
            raise error

    return step


def nothing(_item: Item) -> None:
    return None


def test_each_item_is_checked_done_and_settled_with_its_facts() -> None:
    books, order = Books(), list[str]()

    def do(item: Item) -> dict[str, str]:
        order.append(f"do {item.resource_id}")
        return {"made": item.resource_id}

    assert act(worker(books), ITEMS[:1], Step(lambda item: order.append(f"check {item.resource_id}"), do)).done
    assert order == ["check r-0", "do r-0"]
    assert books.lines == [("r-0", Status.DONE, "unused", {"made": "r-0"})]


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (Vanished(), Status.SKIPPED, "vanished"),
        (Skip("attached meanwhile"), Status.SKIPPED, "attached meanwhile"),
        (ValueError("x" * 500), Status.FAILED, f"ValueError: {'x' * 288}"),
    ],
)
@pytest.mark.parametrize("where", ["check", "do"])
def test_one_item_s_trouble_is_its_outcome_and_the_rest_goes_on(
    error: Exception, status: Status, reason: str, where: str
) -> None:
    books, steps = Books(), {"check": nothing, "do": nothing, where: raising("r-1", error)}
    assert act(worker(books), ITEMS, Step(**steps)) == Progress(done=True)
    assert [line[:3] for line in books.lines] == [
        ("r-0", Status.DONE, "unused"),
        ("r-1", status, reason),
        ("r-2", Status.DONE, "unused"),
    ]


@pytest.mark.parametrize(("where", "begun"), [("check", False), ("do", True)])
def test_a_fault_that_passes_leaves_the_item_and_says_whether_it_may_be_done(where: str, begun: bool) -> None:
    books, steps = Books(), {"check": nothing, "do": nothing, where: raising("r-0", Busy())}
    with pytest.raises(Busy):
        act(worker(books), ITEMS, Step(**steps))
    assert books.lines == [("r-0", "released", begun)]


def test_what_an_earlier_attempt_may_have_done_stays_so() -> None:
    books = Books({"r-0": Claim(mine=True, again=True)})
    with pytest.raises(Busy):
        act(worker(books), ITEMS, Step(raising("r-0", Busy()), nothing))
    assert books.lines == [("r-0", "released", True)]


@pytest.mark.parametrize(
    ("again", "gone_is_done", "status"),
    [(True, True, Status.DONE), (True, False, Status.SKIPPED), (False, True, Status.SKIPPED)],
)
def test_what_vanished_after_a_cut_attempt_was_removed_by_it(again: bool, gone_is_done: bool, status: Status) -> None:
    books = Books({"r-0": Claim(mine=True, again=again)})
    act(worker(books), ITEMS[:1], Step(raising("r-0", Vanished()), nothing, gone_is_done))
    assert books.lines[0][1] is status


def test_settled_items_are_passed_over_and_held_ones_are_come_back_to() -> None:
    books = Books({"r-0": Claim(mine=False), "r-1": Claim(mine=False, held_seconds=40)})
    assert act(worker(books), ITEMS, Step(nothing, nothing)) == Progress(done=False, wait_seconds=40)
    assert [line[0] for line in books.lines] == ["r-2"]


def test_out_of_time_the_rest_is_left() -> None:
    books = Books()
    assert act(worker(books, True, False), ITEMS, Step(nothing, nothing)) == Progress(done=False)
    assert [line[0] for line in books.lines] == ["r-0"]
