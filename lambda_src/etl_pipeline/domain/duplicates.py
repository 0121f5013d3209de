"""Finds keys that occur in more than one chunk, by merging the chunks' sorted key records in flat memory."""

import heapq
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from etl_pipeline.domain.chunk import DIGEST_BYTES, KEY_RECORD_BYTES, NUMBER_BYTES


@dataclass
class Duplicates:
    """Which rows repeat a key of an earlier chunk: the first row of the file wins, whichever was loaded last."""

    winners: dict[int, set[bytes]] = field(default_factory=lambda: defaultdict(set))  # chunk -> digests to load again
    losers: dict[int, array[int]] = field(default_factory=dict)  # chunk -> row, winner's chunk, winner's row, row, …
    count: int = 0

    def in_chunk(self, number: int) -> Iterator[tuple[int, int, int]]:
        """Yield (row, first chunk, first row) of the chunk's rejected duplicates, by row."""
        flat = self.losers.get(number, array("Q"))
        yield from sorted(zip(flat[0::3], flat[1::3], flat[2::3], strict=True))


def find_duplicates(chunks: Iterable[Iterable[bytes]], tolerated: int) -> Duplicates:
    """Merge each chunk's key records, sorted by digest, and so by chunk and row within one digest.

    With more duplicates than tolerated the run fails and nothing is loaded again: then no winners are kept, so that
    a large file that holds everything twice does not fill the memory.
    """
    found = Duplicates()
    winner = b""
    for record in heapq.merge(*chunks):
        if record.startswith(winner[:DIGEST_BYTES]) and winner:
            chunk, row = _place(record)
            first_chunk, first_row = _place(winner)
            found.losers.setdefault(chunk, array("Q")).extend((row, first_chunk, first_row))
            found.count += 1
            if found.count <= tolerated:
                found.winners[first_chunk].add(winner[:DIGEST_BYTES])
            else:
                found.winners.clear()
        else:
            winner = record
    return found


def key_records(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut blocks of bytes, each a whole number of records long, into key records."""
    for block in blocks:
        for start in range(0, len(block), KEY_RECORD_BYTES):
            yield block[start : start + KEY_RECORD_BYTES]


def _place(record: bytes) -> tuple[int, int]:
    chunk = record[DIGEST_BYTES : DIGEST_BYTES + NUMBER_BYTES]
    return int.from_bytes(chunk), int.from_bytes(record[DIGEST_BYTES + NUMBER_BYTES :])
