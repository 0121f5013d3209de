"""Reads the rows of one range: lists of texts in the order of the file's columns, or the reason why there is none."""

import csv
import io
import json
import sys
from collections.abc import Iterator
from typing import Any


class BadRow(Exception):
    """A whole row cannot be read: (column or "", reason, text)."""


type Row = list[str] | BadRow

csv.field_size_limit(sys.maxsize)  # the plan bounds records; a field of more than csv's 128 KiB is one bad row at most


def csv_rows(text: str, columns: list[str]) -> Iterator[Row]:
    """Read CSV as RFC 4180 and `csv.reader` have it; blank lines are no rows."""
    width = len(columns)
    for row in csv.reader(io.StringIO(text, newline="")):
        if len(row) == width:
            yield row
        elif row:
            yield BadRow("", f"has {len(row)} fields instead of {width}", ",".join(row))


def jsonl_rows(text: str, columns: list[str]) -> Iterator[Row]:
    """Read one JSON object a line; numbers keep the digits they were written with."""
    names = set(columns)
    for line in text.split("\n"):
        if line and not line.isspace():
            try:
                record = _DECODER.decode(line.strip())
            except (RecursionError, ValueError) as problem:
                yield BadRow("", f"is not JSON: {problem}", line)
            else:
                yield _row_of(record, columns, names, line)


def _row_of(record: Any, columns: list[str], names: set[str], line: str) -> Row:  # noqa: ANN401  # whatever JSON holds
    if not isinstance(record, dict):
        return BadRow("", "is not a JSON object", line)
    if not record.keys() <= names:
        return BadRow(min(record.keys() - names), "is not a column of the contract", line)
    for name, value in record.items():
        if isinstance(value, (dict, list)):
            return BadRow(name, "is not a single value", json.dumps(value))
    return [value if isinstance(value, str) else _TEXTS[value] for value in map(record.get, columns)]


def _refuse(constant: str) -> str:
    raise ValueError(f"{constant} is not JSON")


_TEXTS: dict[Any, str] = {None: "", True: "true", False: "false"}
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_refuse)

READERS = {"csv": csv_rows, "jsonl": jsonl_rows}
