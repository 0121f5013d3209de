"""Reconcile: accounts for every row, settles duplicates between chunks, writes the reports and closes the run."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from etl_pipeline.adapters import objects, records, run_files
from etl_pipeline.adapters.chunk_files import job_of
from etl_pipeline.adapters.ledger import LedgerEntry
from etl_pipeline.domain.duplicates import find_duplicates
from etl_pipeline.domain.places import RunPlaces
from etl_pipeline.domain.reconciliation import (
    Totals,
    check_chunks,
    find_problem,
    rejected_rows,
    tolerated_rows,
    totals_of,
)
from etl_pipeline.domain.report import PREVIEW_ROWS, Reports, csv_line, run_report
from etl_pipeline.domain.run import Run
from shared.context import Context, seconds_left
from shared.handlers import lambda_handler
from shared.observability import logger, metrics
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    runs_table: str
    records_table: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Take `{"execution": …, "run": …}`; return the run report, whose preview of the rejected rows is bounded."""
    run, bucket, planned = Run.from_context(event["execution"]), event["run"]["bucket"], event["run"]["chunks"]
    places, reports = RunPlaces(run.id), Reports(bucket, event["run"]["dataset"], run.id)
    job = job_of(bucket, places)
    chunks = run_files.results(bucket, places, planned)
    check_chunks(chunks, planned)
    limit = job.contract.max_rejected_percent
    tolerated = tolerated_rows(sum(chunk.read for chunk in chunks), limit)
    duplicates = find_duplicates(run_files.keys(bucket, places, chunks), tolerated)
    totals = totals_of(chunks, duplicates.count)
    rows = rejected_rows(chunks, run_files.rejects(bucket, places, chunks), duplicates)
    reported, preview = _write_rejects(reports, rows)
    problem = find_problem(totals, reported, limit, reports.rejects_url)
    if problem is None:  # the first of several rows with one key is what stays, whichever was loaded last
        winners = run_files.put_requests_of(bucket, places, duplicates.to_load_again())
        records.load(settings().records_table, winners, partial(seconds_left, context))
    report = run_report(job, run, totals, "FAILED" if problem else "SUCCEEDED", preview)
    objects.write_json(bucket, reports.run_key, report)
    _count(job.dataset, totals)
    logger.info("every row is accounted for", extra={"run_id": run.id, "rows": report["rows"]})
    if problem:
        raise problem
    LedgerEntry(settings().runs_table, job.upload.object_version, job.dataset, run).succeed(totals)
    return report


def _write_rejects(reports: Reports, rows: Iterable[dict[str, Any]]) -> tuple[int, list[dict[str, Any]]]:
    """Write all the rejected rows; return how many were written, and the first few."""
    written, preview = 0, []
    with objects.ObjectWriter(reports.bucket, reports.rejects_key) as writer:
        writer.write(csv_line(["row", "column", "reason", "value"]))
        for row in rows:
            writer.write(csv_line(row.values()))
            written += 1
            if written <= PREVIEW_ROWS:
                preview.append(row)
    return written, preview


def _count(dataset: str, totals: Totals) -> None:
    metrics.add_dimension("dataset", dataset)
    for name, rows in (("RowsRead", totals.read), ("RowsLoaded", totals.loaded), ("RowsRejected", totals.rejected)):
        metrics.add_metric(name, MetricUnit.Count, rows)
    metrics.flush_metrics()
