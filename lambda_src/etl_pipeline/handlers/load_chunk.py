"""LoadChunk: loads a chunk's staged put requests into the records table and leaves the chunk's counts."""

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from etl_pipeline.adapters import objects, records
from etl_pipeline.adapters.chunk_files import put_requests
from etl_pipeline.domain.places import RunPlaces
from etl_pipeline.domain.reconciliation import ChunkResult
from shared.context import Context, seconds_left
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    records_table: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Take `{"run": …, "counts": …}`, TransformChunk's counts; return nothing that would add up in the map's state."""
    bucket, places, counts = event["run"]["bucket"], RunPlaces(event["run"]["run_id"]), event["counts"]
    requests = put_requests(bucket, places, counts["number"])
    loaded = records.load(settings().records_table, requests, partial(seconds_left, context))
    objects.write_json(bucket, places.result(counts["number"]), asdict(ChunkResult(**counts, loaded=loaded)))
    logger.info("the chunk is loaded", extra={"run_id": places.run_id, "number": counts["number"], "loaded": loaded})
    return {}
