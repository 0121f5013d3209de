"""How a file is to be read, told from its name."""

from dataclasses import dataclass
from typing import Literal

from etl_pipeline.domain.errors import UnknownFormat

_KINDS: dict[str, Literal["csv", "jsonl"]] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


@dataclass(frozen=True)
class SourceFormat:
    """CSV or JSON Lines, as it is or compressed."""

    kind: Literal["csv", "jsonl"]
    gzip: bool

    @classmethod
    def from_name(cls, name: str) -> "SourceFormat":
        """Tell the format from the file's suffixes, for example `planes.csv.gz`. Raises `UnknownFormat`."""
        plain = name.lower().removesuffix(".gz")
        for suffix, kind in _KINDS.items():
            if plain.endswith(suffix):
                return cls(kind, gzip=name.lower().endswith(".gz"))
        raise UnknownFormat(f"{name!r} does not end in {', '.join(_KINDS)}, with or without .gz")
