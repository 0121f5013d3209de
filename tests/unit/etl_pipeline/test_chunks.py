"""Keys, digests and sizes within a chunk."""

import json

import pytest

from etl_pipeline.domain import duplicates
from etl_pipeline.domain.chunk import KEY_RECORD_BYTES, Chunk, digest_of, transform
from etl_pipeline.domain.contract import Contract
from etl_pipeline.domain.duplicates import find_duplicates, key_records
from etl_pipeline.domain.errors import TooManyDuplicates
from etl_pipeline.domain.rows import csv_rows


def contract(*key: str, max_length: int = 500_000) -> Contract:
    column = {"type": "string", "max_length": max_length}
    return Contract.from_document({"key": key, "columns": {"a": column, "b": column}})


def chunk_of(text: str, agreed: Contract, number: int = 0) -> Chunk:
    return transform(csv_rows(text, ["a", "b"]), agreed, ["a", "b"], "pairs", number)


def key_of(line: bytes) -> str:
    key: str = json.loads(line)["PutRequest"]["Item"]["record_key"]["S"]
    return key


def test_a_composite_key_keeps_different_rows_apart() -> None:
    chunk = chunk_of("x#y,z\nx,y#z\nx%23y,z\n", contract("a", "b"))
    assert [key_of(line) for line in chunk.staged.buffer.splitlines()] == [
        "pairs#x%23y#z",
        "pairs#x#y%23z",
        "pairs#x%2523y#z",
    ]
    assert chunk.rejected.count == 0


def test_keys_are_compared_by_value_not_by_spelling() -> None:
    agreed = Contract.from_document({"key": ["a"], "columns": {"a": {"type": "decimal"}, "b": {"type": "string"}}})
    chunk = chunk_of("1.0,x\n01,y\n", agreed)
    assert [json.loads(row)["first_row"] for row in chunk.rejected.buffer.splitlines()] == [1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("k" * 2100 + ",x\n", "has a key of more than 2,048 bytes"), ("k," + "x" * 410_000, "is an item of more than")],
)
def test_what_dynamodb_would_refuse_is_rejected_here(text: str, reason: str) -> None:
    chunk = chunk_of(text, contract("a"))
    assert (chunk.read, chunk.staged.count) == (1, 0)
    assert json.loads(chunk.rejected.buffer)["reason"].startswith(reason)


def test_a_rejected_row_does_not_take_its_key() -> None:
    chunk = chunk_of("k," + "x" * 410_000 + "\nk,y\n", contract("a"))
    assert (chunk.staged.count, chunk.rejected.count) == (1, 1)


def test_key_records_are_sorted_and_say_where_each_key_stands() -> None:
    chunk = chunk_of("x,1\ny,2\n", contract("a"), number=7)
    records = list(key_records([chunk.key_records()]))
    assert records == sorted(
        digest_of(f"pairs#{key}") + (7).to_bytes(4) + row.to_bytes(4) for row, key in enumerate("xy", start=1)
    )
    assert {len(record) for record in records} == {KEY_RECORD_BYTES}


def test_duplicates_between_chunks_lose_to_the_first_row_of_the_file() -> None:
    chunks = [
        chunk_of(text, contract("a"), number) for number, text in enumerate(("x,1\ny,1\n", "z,2\nx,2\n", "x,3\n"))
    ]
    found = find_duplicates([key_records([chunk.key_records()]) for chunk in chunks], tolerated=2)
    assert found.count == 2
    assert list(found.to_load_again()) == [(0, {digest_of("pairs#x")})]
    assert list(found.in_chunk(1)) == [(2, 0, 1)]
    assert list(found.in_chunk(2)) == [(1, 0, 1)]
    assert list(found.in_chunk(0)) == []


def test_of_more_duplicates_than_tolerated_only_the_losers_are_remembered() -> None:
    chunks = [chunk_of("x,1\ny,1\nz,1\n", contract("a"), number) for number in range(2)]
    found = find_duplicates([key_records([chunk.key_records()]) for chunk in chunks], tolerated=2)
    assert (found.count, list(found.to_load_again())) == (3, [])
    assert len(list(found.in_chunk(1))) == 3


def test_a_duplicate_costs_28_bytes() -> None:
    chunks = [chunk_of("".join(f"{n},1\n" for n in range(999)), contract("a"), number) for number in range(2)]
    found = find_duplicates([key_records([chunk.key_records()]) for chunk in chunks], tolerated=999)
    kept = sum(flat.itemsize * len(flat) for flat in found.losers.values()) + sum(map(len, found.winners.values()))
    assert kept == 999 * 28


@pytest.mark.parametrize("tolerated", [0, 9])
def test_more_duplicates_than_can_be_reported_fail_by_name_and_number(
    monkeypatch: pytest.MonkeyPatch, tolerated: int
) -> None:
    monkeypatch.setattr(duplicates, "MOST_DUPLICATES", 2)
    chunks = [chunk_of("x,1\ny,1\n", contract("a"), number) for number in range(3)]
    with pytest.raises(TooManyDuplicates, match=r"^4 rows repeat .* no more than 2 can"):
        find_duplicates([key_records([chunk.key_records()]) for chunk in chunks], tolerated)
