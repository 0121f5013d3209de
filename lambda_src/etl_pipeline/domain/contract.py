"""A dataset's contract: which columns a file must have, what their texts mean, and how many bad rows are tolerated."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from etl_pipeline.domain.errors import BadContract, WrongColumns

TYPES = ("string", "integer", "decimal", "boolean", "date", "timestamp")
MAX_LENGTH = 4096
RECORD_KEY = "record_key"


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
            key = tuple(document["key"])
            columns = {name: _column(name, rule, name in key) for name, rule in document["columns"].items()}
            missing = frozenset(document.get("missing") or ()) | {""}
            contract = cls(key, columns, missing, float(document.get("max_rejected_percent") or 0))
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            raise BadContract(f"the contract cannot be read: {problem!r}") from problem
        if not key or not set(key) <= set(columns):
            raise BadContract(f"the key {list(key)} must name at least one of the columns {list(columns)}")
        if RECORD_KEY in columns:
            raise BadContract(f"a column may not be called {RECORD_KEY!r}: so the table's key is called")
        return contract

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


def _column(name: str, rule: Mapping[str, Any], is_key: bool) -> ColumnRule:
    if rule["type"] not in TYPES:
        raise BadContract(f"column {name!r}: type {rule['type']!r} is none of {', '.join(TYPES)}")
    required = is_key or bool(rule.get("required"))
    return ColumnRule(name, rule["type"], required, rule.get("format"), int(rule.get("max_length") or MAX_LENGTH))


def _refuse(**problems: set[str]) -> None:
    found = [f"{kind}: {', '.join(sorted(names))}" for kind, names in problems.items() if names]
    if found:
        raise WrongColumns(f"the file's columns are not the contract's; {'; '.join(found)}")
