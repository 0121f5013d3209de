"""Accounts for every row of a run: what was read was either loaded or rejected, and the contract tolerates that."""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from etl_pipeline.domain.duplicates import Duplicates
from etl_pipeline.domain.errors import CountsDiffer, RejectedShareExceeded


@dataclass(frozen=True)
class ChunkResult:
    """What the two functions of a chunk counted, each for itself."""

    number: int
    read: int
    staged: int
    rejected: int
    loaded: int


@dataclass(frozen=True)
class Totals:
    """The rows of a run; row 1 is the first after the header."""

    read: int
    loaded: int
    rejected: int

    @property
    def rejected_percent(self) -> float:
        """The share of rejected rows; a file without rows rejects nothing."""
        return 100 * self.rejected / self.read if self.read else 0.0


def check_chunks(results: list[ChunkResult], planned: int) -> None:
    """Raise `CountsDiffer` if a chunk is missing, or has rows that were neither loaded nor rejected."""
    if [result.number for result in results] != list(range(planned)):
        raise CountsDiffer(f"{planned} chunks were planned, {len(results)} have results")
    for result in results:
        if not result.read == result.staged + result.rejected == result.loaded + result.rejected:
            raise CountsDiffer(f"rows were lost: {result}")


def tolerated_rows(read: int, limit: float) -> int:
    """Return how many rejected rows the contract's percentage allows; binary fractions of a row do not count."""
    return int(round(read * limit / 100, 6))


def totals_of(results: list[ChunkResult], duplicates: int) -> Totals:
    """Add the chunks up; a duplicate in another chunk was loaded first, and counts as rejected."""
    read, loaded, rejected = (
        sum(getattr(result, name) for result in results) for name in ("read", "loaded", "rejected")
    )
    return Totals(read, loaded - duplicates, rejected + duplicates)


def find_problem(totals: Totals, reported: int, limit: float, report: str) -> Exception | None:
    """Return why the run must fail: rows that are missing in the report, or too many rejected ones for the contract."""
    if totals.rejected != reported:
        return CountsDiffer(f"{totals.rejected:,} rows were rejected and {reported:,} are in the report {report}")
    if totals.rejected > tolerated_rows(totals.read, limit):
        return RejectedShareExceeded(
            f"{totals.rejected:,} of {totals.read:,} rows ({totals.rejected_percent:.2f} %) were rejected,"
            f" the contract tolerates {limit:g} %; all of them with reasons: {report}",
        )
    return None


def rejected_rows(
    results: list[ChunkResult],
    rejects: Iterable[Iterable[Mapping[str, Any]]],
    duplicates: Duplicates,
) -> Iterator[dict[str, Any]]:
    """Yield all the rejected rows of a run in the order of the file, numbered through the whole file."""
    before = [0, *accumulate(result.read for result in results)]
    for result, in_chunk in zip(results, rejects, strict=True):
        own = ((reject["row"], _described(reject, before[result.number])) for reject in in_chunk)
        repeated = (
            (row, {"column": "", "reason": f"repeats the key of row {before[first] + first_row}", "value": ""})
            for row, first, first_row in duplicates.in_chunk(result.number)
        )
        for row, reject in heapq.merge(own, repeated, key=lambda pair: pair[0]):
            yield {"row": before[result.number] + row, **reject}


def _described(reject: Mapping[str, Any], before: int) -> dict[str, Any]:
    first_row = reject.get("first_row")
    reason = f"repeats the key of row {before + first_row}" if first_row else reject["reason"]
    return {"column": reject["column"], "reason": reason, "value": reject["value"]}
