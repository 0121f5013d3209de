"""Transforms one range of a file: staged items in DynamoDB's JSON, rejected rows with reasons, and key digests."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import getitem

from etl_pipeline.domain.contract import Contract
from etl_pipeline.domain.conversion import BadValue, Column, quoted
from etl_pipeline.domain.rows import BadRow, Row

DIGEST_BYTES, NUMBER_BYTES = 16, 4  # a key record: digest of the key, chunk, row; both numbers big endian
KEY_RECORD_BYTES = DIGEST_BYTES + 2 * NUMBER_BYTES

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
_MAX_KEY_BYTES, _MAX_ITEM_BYTES = 2048, 400 * 1024
_CLIPPED = 100
_REMEMBERED_VALUES = 20_000  # some MiB, however many columns share them
_START = '{"PutRequest":{"Item":{"record_key":{"S":'


@dataclass
class Lines:
    """Lines of UTF-8 in one buffer: half the memory of as many strings."""

    count: int = 0
    buffer: bytearray = field(default_factory=bytearray)

    def add(self, line: bytes) -> None:
        """Append a line."""
        self.buffer += line + b"\n"
        self.count += 1


@dataclass
class Chunk:
    """What became of a range's rows; rows are numbered from 1 in each range, `Reconcile` makes that global."""

    number: int
    read: int = 0
    staged: Lines = field(default_factory=Lines)
    rejected: Lines = field(default_factory=Lines)
    rows_by_digest: dict[bytes, int] = field(default_factory=dict)

    def key_records(self) -> bytes:
        """Return the sorted key records, by which duplicates in other chunks are found."""
        chunk = self.number.to_bytes(NUMBER_BYTES)
        return b"".join(
            sorted(digest + chunk + row.to_bytes(NUMBER_BYTES) for digest, row in self.rows_by_digest.items()),
        )

    def reject(self, column: str, reason: str, text: str, first_row: int | None = None) -> None:
        """Note that the row just read is rejected; of a long text only the beginning is kept."""
        value = text if len(text) <= _CLIPPED else text[:_CLIPPED] + "…"
        reject = {"row": self.read, "column": column, "reason": reason, "value": value, "first_row": first_row}
        self.rejected.add(json.dumps(reject).encode())


def digest_of(record_key: str) -> bytes:
    """Return the 128-bit digest that stands for a record key when duplicates are looked for."""
    return blake2b(record_key.encode(), digest_size=DIGEST_BYTES).digest()


def transform(rows: Iterable[Row], contract: Contract, columns: list[str], dataset: str, number: int) -> Chunk:
    """Convert every row or reject it; of rows with the same key the first one stays."""
    chunk = Chunk(number)
    remembered = _REMEMBERED_VALUES // len(columns)
    converters = [Column(contract.columns[name], contract.missing, remembered) for name in columns]
    keys = [(converters[columns.index(name)], columns.index(name)) for name in contract.key]
    for row in rows:
        chunk.read += 1
        try:
            if isinstance(row, BadRow):
                raise row  # one place turns reasons into rejections
            fragments = map(getitem, converters, row)
            item = ",".join(filter(None, fragments))
            _stage(chunk, _record_key(dataset, [column.canonical(row[index]) or "" for column, index in keys]), item)
        except (BadRow, BadValue) as problem:
            chunk.reject(*problem.args)
    return chunk


def _record_key(dataset: str, parts: list[str]) -> str:
    """Join the key's values with #; one that is part of a value is escaped, so different keys stay different."""
    escaped = [part.replace("%", "%25").replace("#", "%23") if "#" in part or "%" in part else part for part in parts]
    key = f"{dataset}#{'#'.join(escaped)}"
    if len(key) * 4 > _MAX_KEY_BYTES and len(key.encode()) > _MAX_KEY_BYTES:
        raise BadRow("", f"has a key of more than {_MAX_KEY_BYTES:,} bytes", key)
    return key


def _stage(chunk: Chunk, key: str, item: str) -> None:
    digest = digest_of(key)
    first_row = chunk.rows_by_digest.get(digest)
    if first_row is not None:
        raise BadRow("", "repeats a key", key, first_row)
    line = f"{_START}{quoted(key)}}},{item}}}}}}}".encode()
    if len(line) > _MAX_ITEM_BYTES:
        raise BadRow("", f"is an item of more than {_MAX_ITEM_BYTES:,} bytes", key)
    chunk.rows_by_digest[digest] = chunk.read
    chunk.staged.add(line)
