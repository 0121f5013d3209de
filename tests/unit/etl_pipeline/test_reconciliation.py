"""When a run must fail for its rejected rows."""

import pytest

from etl_pipeline.domain.errors import CountsDiffer, RejectedShareExceeded
from etl_pipeline.domain.reconciliation import ChunkResult, Totals, check_chunks, find_problem, tolerated_rows


@pytest.mark.parametrize(
    ("read", "limit", "rows"), [(0, 5, 0), (100, 0, 0), (19, 5, 0), (20, 5, 1), (1000, 0.7, 7), (1000, 0.29, 2)]
)
def test_a_percentage_allows_whole_rows(read: int, limit: float, rows: int) -> None:
    assert tolerated_rows(read, limit) == rows


@pytest.mark.parametrize(("rejected", "problem"), [(7, None), (8, RejectedShareExceeded)])
def test_a_share_may_be_reached_and_not_exceeded(rejected: int, problem: type[Exception] | None) -> None:
    found = find_problem(Totals(1000, 1000 - rejected, rejected), rejected, 0.7, "report")
    assert (type(found) if found else None) is problem


def test_a_reject_report_that_lacks_rows_is_a_problem() -> None:
    assert isinstance(find_problem(Totals(10, 8, 2), 1, 50, "report"), CountsDiffer)


@pytest.mark.parametrize(
    "result",
    [ChunkResult(0, 3, 2, 0, 2), ChunkResult(0, 3, 3, 0, 2), ChunkResult(0, 3, 2, 2, 2), ChunkResult(1, 3, 3, 0, 3)],
)
def test_rows_that_are_neither_loaded_nor_rejected_are_a_problem(result: ChunkResult) -> None:
    with pytest.raises(CountsDiffer):
        check_chunks([result], 1)
