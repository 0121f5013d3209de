"""An object version is loaded once, however often its event is delivered; a failed run may be repeated."""

from collections.abc import Callable

import pytest

from etl_pipeline.domain.errors import ClaimLost, UnexpectedEvent
from etl_pipeline.handlers import parse_metadata
from shared import executions
from tests.unit.etl_pipeline.pipeline import Pipeline

FILE = "id,name,paid,born\n1,Ada,,\n"


@pytest.fixture
def executions_run(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Decide whether Step Functions says that other executions are running."""
    return lambda running: monkeypatch.setattr(parse_metadata, "is_running", lambda _arn: running)


def test_an_event_delivered_again_after_success_loads_nothing(pipeline: Pipeline) -> None:
    event = pipeline.upload("incoming/people/a.csv", FILE)
    pipeline.run(event)
    assert pipeline.parse(event, "run-2") == {"already_loaded": True, "run_id": "run-1", "status": "SUCCEEDED"}


def test_an_event_delivered_again_during_the_run_loads_nothing(
    pipeline: Pipeline,
    executions_run: Callable[[bool], None],
) -> None:
    executions_run(True)
    event = pipeline.upload("incoming/people/a.csv", FILE)
    pipeline.parse(event)
    assert pipeline.parse(event, "run-2") == {"already_loaded": True, "run_id": "run-1", "status": "RUNNING"}


def test_a_killed_function_that_is_tried_again_goes_on(pipeline: Pipeline) -> None:
    event = pipeline.upload("incoming/people/a.csv", FILE)
    assert pipeline.parse(event) == pipeline.parse(event)


def test_the_claim_of_an_execution_that_no_longer_runs_is_taken_over(
    pipeline: Pipeline,
    executions_run: Callable[[bool], None],
) -> None:
    executions_run(False)
    event = pipeline.upload("incoming/people/a.csv", FILE)
    lost = pipeline.parse(event)
    assert pipeline.run(event, "run-2")["rows"]["loaded"] == 1
    with pytest.raises(ClaimLost):
        pipeline.chunks(lost) or pipeline.reconcile(event, lost)


def test_a_failed_run_may_be_repeated(pipeline: Pipeline) -> None:
    event = pipeline.upload("incoming/people/a.csv", FILE)
    pipeline.parse(event)
    pipeline.fail(event, "Sandbox.Timedout")
    assert pipeline.run(event, "run-2")["rows"]["loaded"] == 1
    assert [(entry["status"], entry["run_id"]) for entry in pipeline.ledger()] == [("SUCCEEDED", "run-2")]


def test_another_version_of_the_same_object_is_another_run(pipeline: Pipeline) -> None:
    for name in ("run-1", "run-2"):
        pipeline.run(pipeline.upload("incoming/people/a.csv", FILE), name)
    assert [entry["status"] for entry in pipeline.ledger()] == ["SUCCEEDED", "SUCCEEDED"]


def test_an_execution_that_step_functions_has_forgotten_does_not_run(pipeline: Pipeline) -> None:
    assert not executions.is_running(pipeline.execution({}, "long-ago")["Id"])


def test_an_event_without_a_version_is_refused(pipeline: Pipeline) -> None:
    event = pipeline.upload("incoming/people/a.csv", FILE)
    del event["detail"]["object"]["version-id"]
    with pytest.raises(UnexpectedEvent, match="version-id"):
        pipeline.parse(event)
