"""ParseMetadata: claims an uploaded object version, checks it against its dataset's contract, and plans its ranges."""

from dataclasses import dataclass
from typing import Any

from etl_pipeline.adapters import objects
from etl_pipeline.adapters.contracts import contract_document
from etl_pipeline.adapters.ledger import LedgerEntry
from etl_pipeline.domain.contract import Contract
from etl_pipeline.domain.decompression import inflate
from etl_pipeline.domain.errors import ObjectTooLarge
from etl_pipeline.domain.job import Job, Source
from etl_pipeline.domain.places import RunPlaces
from etl_pipeline.domain.planning import block_size, chunk_size, plan
from etl_pipeline.domain.run import Run
from etl_pipeline.domain.source_format import SourceFormat
from etl_pipeline.domain.upload import Upload
from shared.executions import is_running
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    runs_table: str
    contracts_path: str
    chunk_bytes: int
    max_object_bytes: int
    max_concurrency: int


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"execution": …}`, the context object's part; return what the other states need to know of the run."""
    run = Run.from_context(event["execution"])
    upload = Upload.from_event(event["execution"]["Input"])
    holder = LedgerEntry(settings().runs_table, upload.object_version, upload.dataset, run).claim(is_running)
    if holder:
        logger.info("the object version is already loaded, or being loaded", extra={"run_id": run.id, "holder": holder})
        return {"already_loaded": True, "run_id": holder["run_id"], "status": holder["status"]}
    places = RunPlaces(run.id)
    chunks = _plan(upload, places)
    logger.info("the run is planned", extra={"run_id": run.id, "chunks": chunks})
    return {
        "already_loaded": False,
        "run_id": run.id,
        "bucket": upload.bucket,
        "dataset": upload.dataset,
        "plan_key": places.plan,
        "chunks": chunks,
        "max_concurrency": settings().max_concurrency,
    }


def _plan(upload: Upload, places: RunPlaces) -> int:
    """Write the plan and the job; return the number of chunks."""
    if upload.size > settings().max_object_bytes:
        raise ObjectTooLarge(f"the file has {upload.size:,} bytes, the limit is {settings().max_object_bytes:,}")
    source_format = SourceFormat.from_name(upload.file)
    document = contract_document(settings().contracts_path, upload.dataset)
    contract = Contract.from_document(document)
    columns, ranges = _split(upload, places, source_format, contract)
    source = Source(places.source, None) if source_format.gzip else Source(upload.key, upload.version_id)
    job = Job(upload.dataset, upload, source, source_format.kind, columns, contract, document)
    objects.write_json(upload.bucket, places.job, job.to_document())
    items = [{"number": number, "start": start, "end": end} for number, (start, end) in enumerate(ranges)]
    objects.write_json(upload.bucket, places.plan, items)
    return len(items)


def _split(
    upload: Upload,
    places: RunPlaces,
    source_format: SourceFormat,
    contract: Contract,
) -> tuple[list[str], list[tuple[int, int]]]:
    """Read the upload once, keeping its decompressed bytes if it is compressed; return the columns and the ranges."""
    limit = settings().max_object_bytes
    size = chunk_size(settings().chunk_bytes, limit)
    blocks = objects.blocks(upload.bucket, upload.key, block_size(size), version_id=upload.version_id)
    if not source_format.gzip:
        return plan(blocks, source_format, contract, size)
    with objects.ObjectWriter(upload.bucket, places.source) as writer:
        return plan(writer.copying(inflate(blocks, limit, block_size(size))), source_format, contract, size)
