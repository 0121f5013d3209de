"""A failed run is recorded, its upload is copied to quarantine, and the report says why."""

import json

from tests.unit.etl_pipeline.pipeline import BUCKET, Pipeline

FILE = "id,name,paid,born\n1,Ada,,\n"


def test_a_failure_is_recorded_quarantined_and_explained(pipeline: Pipeline) -> None:
    event = pipeline.upload("incoming/people/a.csv", FILE)
    pipeline.parse(event)
    cause = json.dumps({"errorMessage": "unknown: shoe", "errorType": "WrongColumns", "stackTrace": ["…"]})
    report = pipeline.fail(event, "WrongColumns", cause)

    assert (report["error"], report["cause"]) == ("WrongColumns", "unknown: shoe")
    assert report["quarantine"] == f"s3://{BUCKET}/quarantine/people/run-1/a.csv"
    assert pipeline.read("quarantine/people/run-1/a.csv") == FILE.encode()
    entry = pipeline.ledger()[0]
    assert (entry["status"], entry["error"], entry["cause"]) == ("FAILED", "WrongColumns", "unknown: shoe")


def test_a_failure_before_any_claim_is_recorded_too(pipeline: Pipeline) -> None:
    event = pipeline.upload("incoming/stray.csv", FILE)
    report = pipeline.fail(event, "UnknownDataset", "no dataset")

    assert report["quarantine"] == f"s3://{BUCKET}/quarantine/unknown/run-1/stray.csv"
    assert [(entry["status"], entry["dataset"]) for entry in pipeline.ledger()] == [("FAILED", "unknown")]


def test_a_failed_duplicate_leaves_the_run_that_succeeded_alone(pipeline: Pipeline) -> None:
    event = pipeline.upload("incoming/people/a.csv", FILE)
    pipeline.run(event)
    report = pipeline.fail(event, "Lambda.TooManyRequestsException", "Rate exceeded", name="run-2")

    assert report["quarantine"] is None
    assert pipeline.keys("quarantine/") == []
    assert [(entry["status"], entry["run_id"]) for entry in pipeline.ledger()] == [("SUCCEEDED", "run-1")]


def test_a_second_failure_that_never_claimed_is_recorded_too(pipeline: Pipeline) -> None:
    event = pipeline.upload("incoming/stray.csv", FILE)
    pipeline.fail(event, "UnknownDataset", "no dataset")
    report = pipeline.fail(event, "Lambda.TooManyRequestsException", "Rate exceeded", name="run-2")

    assert report["quarantine"] == f"s3://{BUCKET}/quarantine/unknown/run-2/stray.csv"
    assert [(entry["error"], entry["run_id"]) for entry in pipeline.ledger()] == [
        ("Lambda.TooManyRequestsException", "run-2")
    ]


def test_the_late_record_of_an_earlier_failure_leaves_the_later_one_alone(pipeline: Pipeline) -> None:
    event = pipeline.upload("incoming/people/a.csv", FILE)
    pipeline.fail(event, "WrongColumns", name="run-2")
    pipeline.fail(event, "ABORTED", name="run-1", started_at="2026-11-23T04:59:59.000Z")
    assert [(entry["error"], entry["run_id"]) for entry in pipeline.ledger()] == [("WrongColumns", "run-2")]


def test_a_failure_leaves_another_run_that_is_at_work_alone(pipeline: Pipeline) -> None:
    event = pipeline.upload("incoming/people/a.csv", FILE)
    pipeline.parse(event)
    assert pipeline.fail(event, "States.Timeout", name="run-2")["quarantine"] is None
    assert [(entry["status"], entry["run_id"]) for entry in pipeline.ledger()] == [("RUNNING", "run-1")]


def test_an_event_that_names_no_object_is_reported_all_the_same(pipeline: Pipeline) -> None:
    report = pipeline.fail({"detail": {}}, "UnexpectedEvent", "x" * 5000)

    assert (report["status"], report["dataset"], report["object"]) == ("FAILED", "unknown", None)
    assert len(report["cause"]) == 1000
    assert pipeline.ledger() == []
