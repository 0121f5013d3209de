"""What a run's functions share: written once beside the plan, so that a contract may change during a run."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from etl_pipeline.domain.contract import Contract
from etl_pipeline.domain.upload import Upload


@dataclass(frozen=True)
class Source:
    """The plain bytes that the ranges refer to: the upload's version, or the decompressed copy (no version)."""

    key: str
    version_id: str | None


@dataclass(frozen=True)
class Job:
    """The upload, how to read it, and the contract's document as it was when the run began."""

    dataset: str
    upload: Upload
    source: Source
    kind: Literal["csv", "jsonl"]
    columns: list[str]
    contract: Contract
    contract_document: Mapping[str, Any]

    def to_document(self) -> dict[str, Any]:
        """Return the JSON document that `from_document` reads."""
        return {
            "dataset": self.dataset,
            "upload": asdict(self.upload),
            "source": asdict(self.source),
            "kind": self.kind,
            "columns": self.columns,
            "contract": self.contract_document,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Job":
        """Read what `to_document` wrote."""
        return cls(
            document["dataset"],
            Upload(**document["upload"]),
            Source(**document["source"]),
            document["kind"],
            document["columns"],
            Contract.from_document(document["contract"]),
            document["contract"],
        )
