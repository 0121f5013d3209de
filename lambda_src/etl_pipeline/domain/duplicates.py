"""Finds keys that occur in more than one chunk, by merging the chunks' sorted key records in flat memory."""

import heapq
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import batched

from etl_pipeline.domain.chunk import DIGEST_BYTES, KEY_RECORD_BYTES, NUMBER_BYTES
from etl_pipeline.domain.errors import TooManyDuplicates

MOST_DUPLICATES = 1_000_000  # at 28 bytes each: 12 of the loser, 16 of the winner


@dataclass
class Duplicates:
    """Which rows repeat a key of an earlier chunk: the first row of the file wins, whichever was loaded last."""

    winners: dict[int, bytearray] = field(default_factory=lambda: defaultdict(bytearray))  # chunk -> digests to load
    losers: dict[int, array[int]] = field(default_factory=dict)  # chunk -> row, winner's chunk, winner's row, row, …
    count: int = 0

    def in_chunk(self, number: int) -> Iterator[tuple[int, int, int]]:
        """Yield (row, first chunk, first row) of the chunk's rejected duplicates, by row."""
        flat = self.losers.get(number, _numbers())
        yield from sorted(zip(flat[0::3], flat[1::3], flat[2::3], strict=True))

    def to_load_again(self) -> Iterator[tuple[int, set[bytes]]]:
        """Yield each chunk that has winners, and their digests."""
        for chunk, digests in self.winners.items():
            yield chunk, {bytes(digest) for digest in batched(digests, DIGEST_BYTES, strict=True)}

    def add(self, record: bytes, winner: bytes, tolerated: int) -> None:
        """Note that the row of the key record `record` repeats the key of `winner`, as far as anybody will ask."""
        self.count += 1
        if self.count > tolerated:
            self.winners.clear()
        if self.count > MOST_DUPLICATES:
            self.losers.clear()
            self.winners.clear()
            return
        (chunk, row), first = _place(record), _place(winner)
        self.losers.setdefault(chunk, _numbers()).extend((row, *first))
        digest = winner[:DIGEST_BYTES]
        if self.count <= tolerated and not self.winners[first[0]].endswith(digest):
            self.winners[first[0]] += digest


def find_duplicates(chunks: Iterable[Iterable[bytes]], tolerated: int) -> Duplicates:
    """Merge each chunk's key records, sorted by digest, and so by chunk and row within one digest.

    With more duplicates than tolerated the run fails and nothing is loaded again: then no winners are kept. A file
    that holds everything twice must not fill the memory: raises `TooManyDuplicates`, which counts them all.
    """
    found = Duplicates()
    winner = b""
    for record in heapq.merge(*chunks):
        if record.startswith(winner[:DIGEST_BYTES]) and winner:
            found.add(record, winner, tolerated)
        else:
            winner = record
    if found.count > MOST_DUPLICATES:
        raise TooManyDuplicates(
            f"{found.count:,} rows repeat the key of a row in another range of the file; no more than"
            f" {MOST_DUPLICATES:,} can be put into the file's order and reported",
        )
    return found


def key_records(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut blocks of bytes, each a whole number of records long, into key records."""
    for block in blocks:
        for start in range(0, len(block), KEY_RECORD_BYTES):
            yield block[start : start + KEY_RECORD_BYTES]


def _numbers() -> array[int]:
    return array("I")  # four bytes each, as many as a key record has for one


def _place(record: bytes) -> tuple[int, int]:
    chunk = record[DIGEST_BYTES : DIGEST_BYTES + NUMBER_BYTES]
    return int.from_bytes(chunk), int.from_bytes(record[DIGEST_BYTES + NUMBER_BYTES :])
