"""Cuts a file of any size into byte ranges that hold whole records, in one pass and flat memory.

A CSV record ends at a line break outside quotes, and a quote only counts at a field's start: exactly what
`csv.reader` sees. One possessive pattern walks over all the complete records of a block in a single call.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from etl_pipeline.domain.errors import EmptyFile, NotText, RecordTooLarge, TruncatedFile

MAX_RECORD_BYTES = 1 << 20

_QUOTED = rb'"[^"]*+(?:""[^"]*+)*+"[^,\r\n]*+'  # text after the closing quote belongs to the field, literally
_FIELD = rb'(?:%s|[^",\r\n][^,\r\n]*+|)' % _QUOTED
_RECORD = rb"%s(?:,%s)*+(?:\r\n|\n|\r(?=[^\n]))" % (_FIELD, _FIELD)  # a last \r may be half of a \r\n
_ONE_RECORD = re.compile(_RECORD)
_ALL_RECORDS = re.compile(rb"(?:%s)*+" % _RECORD)


@dataclass(frozen=True)
class Grammar:
    """Where records end, in bytes from the beginning of a buffer that begins with a record; 0 if none does."""

    first_end: Callable[[bytes], int]
    last_end: Callable[[bytes], int]
    is_whole: Callable[[bytes], bool]  # whether the file may end here
    has_header: bool


def _csv_first_end(buffer: bytes) -> int:
    match = _ONE_RECORD.match(buffer)
    return match.end() if match else 0


def _csv_last_end(buffer: bytes) -> int:
    if b'"' not in buffer and (newline := buffer.rfind(b"\n")) >= 0:
        return newline + 1
    match = _ALL_RECORDS.match(buffer)
    return match.end() if match else 0


GRAMMARS = {
    "csv": Grammar(
        _csv_first_end,
        _csv_last_end,
        is_whole=lambda tail: bool(_ALL_RECORDS.fullmatch(tail + b"\n")),
        has_header=True,
    ),
    "jsonl": Grammar(
        lambda buffer: buffer.find(b"\n") + 1,
        lambda buffer: buffer.rfind(b"\n") + 1,
        is_whole=lambda _tail: True,
        has_header=False,
    ),
}


class Splitter:
    """Takes a file block by block, gives ranges `(start, end)`; `first_record` is the header, or the first line."""

    def __init__(self, grammar: Grammar, chunk_bytes: int) -> None:
        self.first_record = b""
        self._grammar = grammar
        self._chunk_bytes = chunk_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._tail = b""  # what follows the last complete record
        self._offset = 0  # where the tail begins in the file
        self._range_start = 0
        self._has_cut = False

    def feed(self, block: bytes) -> Iterator[tuple[int, int]]:
        """Take the next block. Raises `NotText` and `RecordTooLarge`."""
        self._check_text(block)
        self._tail += block
        if not self.first_record:
            self._skip_preamble()
        self._drop(self._grammar.last_end(self._tail))
        if len(self._tail) > MAX_RECORD_BYTES:
            raise RecordTooLarge(f"the record at byte {self._offset:,} is longer than {MAX_RECORD_BYTES:,} bytes")
        if self._offset - self._range_start >= self._chunk_bytes:
            yield self._cut(self._offset)

    def finish(self) -> Iterator[tuple[int, int]]:
        """Tell that the file is over; a header alone gives one empty range. Raises `EmptyFile` and `TruncatedFile`."""
        self._check_text(b"", final=True)
        if self._tail and not self._grammar.is_whole(self._tail):
            raise TruncatedFile(f"the file ends inside a quoted field, in the record at byte {self._offset:,}")
        end = self._offset + len(self._tail)
        if not self.first_record:
            self._tail += b"\n"
            self._skip_preamble()
            self._range_start = min(self._range_start, end)
        if not self.first_record:
            raise EmptyFile("the file holds neither a header nor a record")
        if end > self._range_start or not self._has_cut:
            yield self._cut(end)

    def _skip_preamble(self) -> None:
        """Drop the byte order mark, blank lines, and the header."""
        if not self._offset and self._tail.startswith(codecs.BOM_UTF8):
            self._drop(len(codecs.BOM_UTF8))
        while not self.first_record and (end := self._grammar.first_end(self._tail)):
            self.first_record = self._tail[:end].strip()
            if self._grammar.has_header or not self.first_record:
                self._drop(end)
        self._range_start = self._offset

    def _check_text(self, block: bytes, *, final: bool = False) -> None:
        place = f"near byte {self._offset + len(self._tail):,}"
        if b"\0" in block:
            raise NotText(f"the file is binary: it has a zero byte {place}")
        try:
            self._decoder.decode(block, final)
        except UnicodeDecodeError as problem:
            raise NotText(f"the file is not UTF-8 text {place}: {problem.reason}") from problem

    def _drop(self, size: int) -> None:
        self._tail = self._tail[size:]
        self._offset += size

    def _cut(self, end: int) -> tuple[int, int]:
        start, self._range_start, self._has_cut = self._range_start, end, True
        return start, end
