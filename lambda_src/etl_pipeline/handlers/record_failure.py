"""RecordFailure: marks the run as failed, puts a copy of the upload into quarantine, and says what happened."""

from dataclasses import dataclass
from typing import Any

from etl_pipeline.adapters import objects
from etl_pipeline.adapters.ledger import LedgerEntry
from etl_pipeline.domain.errors import UnexpectedEvent
from etl_pipeline.domain.failure import Failure
from etl_pipeline.domain.places import quarantine_key
from etl_pipeline.domain.report import failure_report
from etl_pipeline.domain.run import Run
from etl_pipeline.domain.upload import Upload
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.settings import once

_LARGEST_COPY_BYTES = 5 << 30  # of one CopyObject; a larger upload stays where it is, in incoming/


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    runs_table: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"execution": …, "failure": {"Error", "Cause"}}`, as caught; return the failure report."""
    run, failure = Run.from_context(event["execution"]), Failure.from_caught(event["failure"])
    logger.error("the run failed", extra={"run_id": run.id, "error": failure.error, "cause": failure.cause})
    try:
        upload = Upload.from_event(event["execution"]["Input"])
    except UnexpectedEvent:
        return failure_report(run, failure, None, None)
    mine = LedgerEntry(settings().runs_table, upload.object_version, upload.dataset_or_unknown, run).fail(failure)
    quarantined = _quarantine(upload, run) if mine and upload.size <= _LARGEST_COPY_BYTES else None
    return failure_report(run, failure, upload, quarantined)


def _quarantine(upload: Upload, run: Run) -> str:
    key = quarantine_key(upload.dataset_or_unknown, run.id, upload.file)
    objects.copy(upload.bucket, upload.key, upload.version_id, key)
    return key
