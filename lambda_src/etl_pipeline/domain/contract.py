"""A dataset's contract: which columns a file must have, what their texts mean, and how many bad rows are tolerated."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from etl_pipeline.domain.errors import BadContract, WrongColumns
from shared.typed import BadDocument, decoded

TYPES = ("string", "integer", "decimal", "boolean", "date", "timestamp")
MAX_LENGTH = 4096
RECORD_KEY = "record_key"


@dataclass(frozen=True)
class _Column:
    """A column as its dataset's owners wrote it."""

    type: str
    required: bool = False
    format: str | None = None
    max_length: int = MAX_LENGTH

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise ValueError(f"type {self.type!r} is none of {', '.join(TYPES)}")


@dataclass(frozen=True)
class _Written:
    """A contract as its dataset's owners wrote it."""

    key: tuple[str, ...]
    columns: Mapping[str, _Column]
    missing: tuple[str, ...] = ()
    max_rejected_percent: float = 0


@dataclass(frozen=True)
class ColumnRule:
    """What one column's texts must be; `format` is a `strptime` pattern, `max_length` counts UTF-8 bytes."""

    name: str
    type: str
    required: bool
    format: str | None
    max_length: int


@dataclass(frozen=True)
class Contract:
    """The agreement on one dataset, as its owners wrote it."""

    key: tuple[str, ...]
    columns: Mapping[str, ColumnRule]
    missing: frozenset[str]
    max_rejected_percent: float

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Contract":
        """Read a contract's JSON; null stands for an absent attribute. Raises `BadContract`."""
        try:
            written = decoded(_Written, document)
        except BadDocument as problem:
            raise BadContract(f"the contract cannot be read: {problem}") from problem
        key, columns = written.key, written.columns
        if not key or not set(key) <= set(columns):
            raise BadContract(f"the key {list(key)} must name at least one of the columns {list(columns)}")
        if RECORD_KEY in columns:
            raise BadContract(f"a column may not be called {RECORD_KEY!r}: so the table's key is called")
        rules = {name: _rule(name, column, name in key) for name, column in columns.items()}
        return cls(key, rules, frozenset({"", *written.missing}), written.max_rejected_percent)

    def check_header(self, names: list[str]) -> None:
        """Accept the columns in any order, each exactly once. Raises `WrongColumns`."""
        repeated = {name for name in names if names.count(name) > 1}
        _refuse(missing=self.columns.keys() - set(names), unknown=self.unknown(names), repeated=repeated)

    def check_first_object(self, line: bytes) -> None:
        """Accept a JSON line whose names are columns; an absent name is a missing value. Raises `WrongColumns`."""
        try:
            first = json.loads(line)
        except ValueError as problem:
            raise WrongColumns(f"the first line is not JSON: {problem}") from problem
        if not isinstance(first, dict):
            raise WrongColumns("the first line is not a JSON object")
        _refuse(unknown=self.unknown(first))

    def unknown(self, names: Iterable[str]) -> set[str]:
        """Return those of the names that are no column of this contract."""
        return set(names) - self.columns.keys()


def _rule(name: str, column: _Column, is_key: bool) -> ColumnRule:
    return ColumnRule(name, column.type, is_key or column.required, column.format, column.max_length)


def _refuse(**problems: set[str]) -> None:
    found = [f"{kind}: {', '.join(sorted(names))}" for kind, names in problems.items() if names]
    if found:
        raise WrongColumns(f"the file's columns are not the contract's; {'; '.join(found)}")
