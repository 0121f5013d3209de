"""Reads what all the chunks of a run left in S3, little by little."""

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from etl_pipeline.adapters import objects
from etl_pipeline.adapters.chunk_files import put_requests
from etl_pipeline.domain.chunk import KEY_RECORD_BYTES, digest_of
from etl_pipeline.domain.duplicates import key_records
from etl_pipeline.domain.places import RunPlaces
from etl_pipeline.domain.reconciliation import ChunkResult

_MERGE_BYTES, _LEAST_RECORDS = 16 << 20, 128  # how much of the chunks' key records is in memory during the merge


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


def put_requests_of(bucket: str, places: RunPlaces, wanted: Iterable[tuple[int, set[bytes]]]) -> Iterator[str]:
    """Yield the put requests whose key's digest is wanted, chunk by chunk."""
    for number, digests in wanted:
        for line in put_requests(bucket, places, number):
            if digest_of(json.loads(line)["PutRequest"]["Item"]["record_key"]["S"]) in digests:
                yield line
