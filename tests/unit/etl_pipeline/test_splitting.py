"""However a file is cut, reading the ranges one after the other gives the rows of reading it whole."""

import csv
import io
import json
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl_pipeline.domain.errors import EmptyFile, RecordTooLarge, TruncatedFile
from etl_pipeline.domain.planning import MAX_CHUNKS, chunk_size
from etl_pipeline.domain.splitting import GRAMMARS, MAX_RECORD_BYTES, Splitter

HEADER = "id,name\n"
TEXTS = st.text(st.sampled_from('a,"\n\r é'), max_size=60)
SIZES = st.integers(1, 20)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def ends_inside_quotes(text: str) -> bool:
    """A record appended on a new line is read as one, unless the text ends in the middle of a quoted field."""
    return rows(text + "\nEND")[-1] != ["END"]


def split(kind: str, data: bytes, chunk: int, block: int) -> tuple[bytes, list[tuple[int, int]]]:
    splitter = Splitter(GRAMMARS[kind], chunk)
    ranges = [cut for start in range(0, len(data), block) for cut in splitter.feed(data[start : start + block])]
    ranges += splitter.finish()
    return splitter.first_record, ranges


@settings(max_examples=1000, deadline=None)
@given(text=TEXTS, chunk=SIZES, block=SIZES, mark=st.booleans())
@example(text='"a""\r\n",b\r\n', chunk=1, block=1, mark=True)
@example(text='""a"\n",b\r\rc"\n', chunk=1, block=3, mark=False)
def test_the_ranges_of_a_csv_file_hold_its_rows(text: str, chunk: int, block: int, mark: bool) -> None:
    data = (("\ufeff" if mark else "") + HEADER + text).encode()
    if ends_inside_quotes(HEADER + text):
        with pytest.raises(TruncatedFile):
            split("csv", data, chunk, block)
        return
    header, ranges = split("csv", data, chunk, block)
    assert header == b"id,name"
    assert [row for start, end in ranges for row in rows(data[start:end].decode())] == rows(HEADER + text)[1:]
    assert all(end == start for (_, end), (start, _) in pairwise(ranges))
    assert ranges[-1][1] == len(data)


@given(values=st.lists(st.text(max_size=8), min_size=1, max_size=12), chunk=SIZES, block=SIZES)
def test_the_ranges_of_json_lines_hold_its_objects(values: list[str], chunk: int, block: int) -> None:
    data = "\n".join(json.dumps({"name": value}, ensure_ascii=False) for value in values).encode()
    first, ranges = split("jsonl", data, chunk, block)
    assert json.loads(first) == {"name": values[0]}
    lines = [line for start, end in ranges for line in data[start:end].decode().split("\n") if line]
    assert [json.loads(line)["name"] for line in lines] == values


def test_ranges_are_a_block_and_a_record_longer_than_wanted_at_most() -> None:
    _, ranges = split("csv", HEADER.encode() + b"12,ab\n" * 1000, 100, 25)
    assert all(100 <= end - start < 100 + 25 + 6 for start, end in ranges[:-1])


def test_a_header_is_found_below_blank_lines_and_may_be_the_whole_file() -> None:
    assert split("csv", b"\xef\xbb\xbf\r\n\n id,name", 10, 2) == (b"id,name", [(14, 14)])


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\r\n \n"])
def test_a_file_without_any_record_is_empty(data: bytes) -> None:
    with pytest.raises(EmptyFile):
        split("csv", data, 10, 2)


def test_a_record_has_a_largest_size() -> None:
    with pytest.raises(RecordTooLarge, match="the record at byte 8 "):
        split("csv", HEADER.encode() + b"1," + b"x" * MAX_RECORD_BYTES, 1 << 20, 1 << 18)


def test_the_largest_file_allowed_has_no_more_chunks_than_a_map_may_have() -> None:
    assert chunk_size(64, 1 << 30) * MAX_CHUNKS >= 1 << 30
    assert chunk_size(1 << 20, 1 << 30) == 1 << 20
