"""TransformChunk: turns one range of the file into staged put requests, rejected rows, and key records."""

from typing import Any

from etl_pipeline.adapters import objects
from etl_pipeline.adapters.chunk_files import job_of
from etl_pipeline.domain.chunk import transform
from etl_pipeline.domain.places import RunPlaces
from etl_pipeline.domain.rows import READERS
from shared.handlers import lambda_handler
from shared.observability import logger


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Take `{"run": …, "chunk": {"number", "start", "end"}}`; return the chunk's counts."""
    bucket, places, number = event["run"]["bucket"], RunPlaces(event["run"]["run_id"]), event["chunk"]["number"]
    job = job_of(bucket, places)
    span = event["chunk"]["start"], event["chunk"]["end"]
    text = objects.read(bucket, job.source.key, version_id=job.source.version_id, span=span).decode()
    chunk = transform(READERS[job.kind](text, job.columns), job.contract, job.columns, job.dataset, number)
    objects.write(bucket, places.keys(number), chunk.key_records())
    objects.write(bucket, places.staged(number), chunk.staged.buffer)
    if chunk.rejected.count:
        objects.write(bucket, places.rejects(number), chunk.rejected.buffer)
    counts = {"number": number, "read": chunk.read, "staged": chunk.staged.count, "rejected": chunk.rejected.count}
    logger.info("the chunk is transformed", extra={"run_id": places.run_id, "counts": counts})
    return counts
