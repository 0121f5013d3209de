"""Plans a run: checks the file's header against the contract and yields the ranges."""

import csv
from collections.abc import Iterable, Iterator

from etl_pipeline.domain.contract import Contract
from etl_pipeline.domain.source_format import SourceFormat
from etl_pipeline.domain.splitting import GRAMMARS, Splitter

MAX_CHUNKS = 10_000  # of a distributed map's children, whose empty outputs together stay within 256 KiB
_LARGEST_BLOCK = 1 << 20


def chunk_size(wanted: int, max_object_bytes: int) -> int:
    """Return how long a range should be, so that the largest allowed file has at most `MAX_CHUNKS`."""
    return max(wanted, -(-max_object_bytes // MAX_CHUNKS))


def block_size(chunk_bytes: int) -> int:
    """Return how much to read at once: a range exceeds its wanted length by a block at most."""
    return max(1, min(_LARGEST_BLOCK, chunk_bytes // 4))


def plan(
    blocks: Iterable[bytes],
    source_format: SourceFormat,
    contract: Contract,
    chunk_bytes: int,
) -> tuple[list[str], list[tuple[int, int]]]:
    """Read the whole file once; return its columns in the file's order and its ranges.

    Raises what `Splitter` raises, and `WrongColumns` before the rest of the file is read.
    """
    splitter = Splitter(GRAMMARS[source_format.kind], chunk_bytes)
    ranges: list[tuple[int, int]] = []
    columns: list[str] = []
    for new_ranges in _steps(splitter, blocks):
        ranges += new_ranges
        if splitter.first_record and not columns:
            columns = _columns(splitter.first_record, source_format, contract)
    return columns, ranges


def _steps(splitter: Splitter, blocks: Iterable[bytes]) -> Iterator[Iterator[tuple[int, int]]]:
    yield from map(splitter.feed, blocks)
    yield splitter.finish()


def _columns(first_record: bytes, source_format: SourceFormat, contract: Contract) -> list[str]:
    if source_format.kind == "jsonl":
        contract.check_first_object(first_record)
        return list(contract.columns)
    names = [name.strip() for name in next(csv.reader([first_record.decode()]))]
    contract.check_header(names)
    return names
