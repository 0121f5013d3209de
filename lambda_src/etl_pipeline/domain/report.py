"""What a run tells people: the run report, the reject report's lines, and the failure report. All bounded in size."""

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from etl_pipeline.domain.failure import Failure
from etl_pipeline.domain.job import Job
from etl_pipeline.domain.reconciliation import Totals
from etl_pipeline.domain.run import Run
from etl_pipeline.domain.upload import UNKNOWN, Upload

PREVIEW_ROWS = 10


@dataclass(frozen=True)
class Reports:
    """Where a run's reports are: they outlive the intermediate files of the run."""

    bucket: str
    dataset: str
    run_id: str

    @property
    def run_key(self) -> str:
        """The run report's key."""
        return f"reports/{self.dataset}/{self.run_id}/run.json"

    @property
    def rejects_key(self) -> str:
        """The reject report's key: all the rejected rows, with reasons."""
        return f"reports/{self.dataset}/{self.run_id}/rejects.csv"

    @property
    def rejects_url(self) -> str:
        """The reject report's address."""
        return f"s3://{self.bucket}/{self.rejects_key}"


def run_report(job: Job, run: Run, totals: Totals, status: str, preview: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what happened; the preview is the first few rejected rows."""
    reports = Reports(job.upload.bucket, job.dataset, run.id)
    return {
        "status": status,
        "run_id": run.id,
        "dataset": job.dataset,
        "object": f"s3://{job.upload.bucket}/{job.upload.key}",
        "version_id": job.upload.version_id,
        "execution_arn": run.execution_arn,
        "started_at": run.started_at,
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "rows": asdict(totals),
        "rejected_percent": round(totals.rejected_percent, 2),
        "tolerated_percent": job.contract.max_rejected_percent,
        "reports": {"run": f"s3://{reports.bucket}/{reports.run_key}", "rejects": reports.rejects_url},
        "preview": preview,
    }


def failure_report(run: Run, failure: Failure, upload: Upload | None, quarantine_key: str | None) -> dict[str, Any]:
    """Return why the run failed and where its upload is now; without upload if the event named none."""
    return {
        "status": "FAILED",
        "run_id": run.id,
        "dataset": upload.dataset_or_unknown if upload else UNKNOWN,
        "object": upload and f"s3://{upload.bucket}/{upload.key}",
        "version_id": upload and upload.version_id,
        "execution_arn": run.execution_arn,
        "started_at": run.started_at,
        "error": failure.error,
        "cause": failure.cause,
        "quarantine": upload and quarantine_key and f"s3://{upload.bucket}/{quarantine_key}",
    }


def csv_line(values: Iterable[Any]) -> bytes:
    """Render one line of the reject report."""
    line = io.StringIO(newline="")
    csv.writer(line).writerow(values)
    return line.getvalue().encode()
