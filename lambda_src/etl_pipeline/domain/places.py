"""Where a run keeps what it writes, as keys in the workflow's bucket."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RunPlaces:
    """The keys under `runs/<run id>/`: intermediate, they may expire after some days."""

    run_id: str

    @property
    def job(self) -> str:
        """What the run's functions need to know: upload, format, columns, and the contract as it was."""
        return f"runs/{self.run_id}/job.json"

    @property
    def plan(self) -> str:
        """The ranges, a JSON array: the items of the distributed map."""
        return f"runs/{self.run_id}/plan.json"

    @property
    def source(self) -> str:
        """The decompressed file, if the upload was compressed."""
        return f"runs/{self.run_id}/source"

    def staged(self, number: int) -> str:
        """Return the key of a chunk's put requests, one a line."""
        return f"runs/{self.run_id}/staged/{number:05}.jsonl"

    def rejects(self, number: int) -> str:
        """Return the key of a chunk's rejected rows, one a line."""
        return f"runs/{self.run_id}/rejects/{number:05}.jsonl"

    def keys(self, number: int) -> str:
        """Return the key of a chunk's sorted key records."""
        return f"runs/{self.run_id}/keys/{number:05}.bin"

    def result(self, number: int) -> str:
        """Return the key of a chunk's counts, written last: the object exists when the chunk is done."""
        return f"runs/{self.run_id}/results/{number:05}.json"


def quarantine_key(dataset: str, run_id: str, file: str) -> str:
    """Return the key of a failed run's copy of the upload."""
    return f"quarantine/{dataset}/{run_id}/{file}"
