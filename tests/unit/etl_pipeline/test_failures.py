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
    report = pipeline.fail(event, "Lambda.TooManyRequestsException", "Rate exceeded", "run-2")

    assert report["quarantine"] is None
    assert pipeline.keys("quarantine/") == []
    assert [(entry["status"], entry["run_id"]) for entry in pipeline.ledger()] == [("SUCCEEDED", "run-1")]


def test_an_event_that_names_no_object_is_reported_all_the_same(pipeline: Pipeline) -> None:
    report = pipeline.fail({"detail": {}}, "UnexpectedEvent", "x" * 5000)

    assert (report["status"], report["dataset"], report["object"]) == ("FAILED", "unknown", None)
    assert len(report["cause"]) == 1000
    assert pipeline.ledger() == []
