"""Reads what the chunks of a run left in S3."""

import io
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from etl_pipeline.adapters import objects
from etl_pipeline.domain.chunk import KEY_RECORD_BYTES, digest_of
from etl_pipeline.domain.duplicates import key_records
from etl_pipeline.domain.job import Job
from etl_pipeline.domain.places import RunPlaces
from etl_pipeline.domain.reconciliation import ChunkResult

_MERGE_BYTES, _LEAST_RECORDS = 16 << 20, 128  # how much of the chunks' key records is in memory during the merge


@lru_cache(maxsize=1)
def job_of(bucket: str, places: RunPlaces) -> Job:
    """Return the run's job; a process that works on the same run again has it already."""
    return Job.from_document(objects.read_json(bucket, places.job))


def results(bucket: str, places: RunPlaces, planned: int) -> list[ChunkResult]:
    """Return every planned chunk's counts."""
    return [ChunkResult(**objects.read_json(bucket, places.result(number))) for number in range(planned)]


def keys(bucket: str, places: RunPlaces, chunks: list[ChunkResult]) -> list[Iterator[bytes]]:
    """Return each chunk's key records, read a little at a time."""
    records = max(_LEAST_RECORDS, _MERGE_BYTES // max(1, len(chunks)) // KEY_RECORD_BYTES)
    return [
        key_records(
            objects.ranges(
                bucket, places.keys(chunk.number), chunk.staged * KEY_RECORD_BYTES, records * KEY_RECORD_BYTES
            ),
        )
        for chunk in chunks
    ]


def rejects(bucket: str, places: RunPlaces, chunks: list[ChunkResult]) -> Iterator[Iterator[dict[str, Any]]]:
    """Yield each chunk's rejected rows."""
    for chunk in chunks:
        body = objects.read(bucket, places.rejects(chunk.number)) if chunk.rejected else b""
        yield map(json.loads, io.BytesIO(body))


def staged(bucket: str, places: RunPlaces, number: int) -> list[str]:
    """Return a chunk's put requests."""
    return objects.read(bucket, places.staged(number)).decode().splitlines()


def staged_with(bucket: str, places: RunPlaces, wanted: dict[int, set[bytes]]) -> Iterator[str]:
    """Yield the put requests whose key's digest is wanted, chunk by chunk."""
    for number, digests in wanted.items():
        for line in staged(bucket, places, number):
            if digest_of(json.loads(line)["PutRequest"]["Item"]["record_key"]["S"]) in digests:
                yield line
