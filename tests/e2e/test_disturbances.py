"""The ETL pipeline under trouble: throttled, killed, forbidden and unheard, it recovers or fails loudly."""

import json
import time
from collections.abc import Iterator

import pytest

from scripts.executions import entered, history
from scripts.lab.policies import without_policies
from scripts.local_engine import Engine
from tests.e2e.alarms import hearing
from tests.e2e.conftest import post, waits_scaled
from tests.e2e.disturbances import kill_functions, throttled, wait_for_log
from tests.e2e.pipeline import Pipeline, Run
from tests.e2e.test_etl_pipeline import HEADER, plane, planes

MACHINE = "workflows-local-etl-pipeline"
LOG_GROUP = f"/aws/vendedlogs/states/{MACHINE}"
PUBLISH = "arn:aws:states:::sns:publish"
STEPS = ["parse_metadata", "transform_chunk", "load_chunk", "reconcile"]
BROKEN = b"tail,age\nN1,2\n"


@pytest.fixture
def slow_retries(engine: Engine) -> Iterator[None]:
    """Give a test time to lift a disturbance before the retries are used up."""
    with waits_scaled(engine, 0.2):
        yield


def upload_while_throttled(pipeline: Pipeline, function: str, body: bytes) -> Run:
    """Upload while `function` is throttled, and lift that as soon as it was refused once."""
    began = time.time()
    with throttled(pipeline, function):
        upload = pipeline.upload("planes", body)
        execution = pipeline.started(upload)
        wait_for_log(pipeline, LOG_GROUP, "TooManyRequestsException", began)
    return pipeline.finished(upload, execution)


def arm(engine: Engine, times: int) -> None:
    """Let the next `times` publications of a machine fail."""
    post(engine, "/_local/faults", {"resource": PUBLISH, "error": "SNS.InternalErrorException", "times": times})


@pytest.mark.usefixtures("slow_retries")
@pytest.mark.parametrize("function", STEPS)
def test_a_throttled_step_is_tried_again(pipeline: Pipeline, function: str) -> None:
    run = upload_while_throttled(pipeline, function, planes(30, "R").encode())
    assert run.status == "SUCCEEDED", run.execution.get("cause")
    assert run.counts == (30, 30, 0)


@pytest.mark.usefixtures("slow_retries")
def test_recording_a_failure_is_tried_again(pipeline: Pipeline) -> None:
    run = upload_while_throttled(pipeline, "record_failure", BROKEN)
    assert run.error == "WrongColumns"
    assert run.ledger["status"] == "FAILED"


@pytest.mark.parametrize("function", STEPS)
def test_a_step_that_stays_throttled_fails_the_run(pipeline: Pipeline, function: str) -> None:
    with throttled(pipeline, function):
        run = pipeline.run("planes", planes(9, "X").encode())
    assert run.status == "FAILED"
    assert run.states[-3:] == ["RecordFailure", "NotifyFailure", "RunFailed"]
    assert run.ledger["status"] == "FAILED"
    again = pipeline.start_again(run)
    assert again.status == "SUCCEEDED", "once the trouble is over, the same version may be loaded"


def test_the_team_is_told_even_when_the_failure_cannot_be_recorded(pipeline: Pipeline) -> None:
    with throttled(pipeline, "record_failure"):
        run = pipeline.run("planes", BROKEN)
    assert run.status == "FAILED"
    assert run.notification
    assert "WrongColumns" in run.notification.subject + run.notification.message


def test_a_notification_is_tried_again(pipeline: Pipeline, engine: Engine) -> None:
    arm(engine, 2)
    run = pipeline.run("planes", planes(3, "S").encode())
    assert run.status == "SUCCEEDED"
    assert run.notification


def test_a_failure_s_notification_is_tried_again(pipeline: Pipeline, engine: Engine) -> None:
    arm(engine, 2)
    run = pipeline.run("planes", BROKEN)
    assert run.notification
    assert "WrongColumns" in run.notification.subject


def test_a_run_that_nobody_is_told_of_fails(pipeline: Pipeline, engine: Engine) -> None:
    arm(engine, 8)  # four attempts to tell of the success, four to tell of the failure
    run = pipeline.run("planes", planes(3, "U").encode())
    assert run.status == "FAILED"
    assert run.states[-4:] == ["NotifyTeam", "RecordFailure", "NotifyFailure", "RunFailed"]


@pytest.mark.usefixtures("slow_retries")
def test_functions_killed_while_working_are_run_again(pipeline: Pipeline, engine: Engine) -> None:
    began = time.time()
    upload = pipeline.upload("planes", planes(20_000, "K").encode())
    execution = pipeline.started(upload)
    wait_for_log(pipeline, LOG_GROUP, "LoadChunk", began)
    assert kill_functions(engine)
    run = pipeline.finished(upload, execution)
    assert run.status == "SUCCEEDED", run.execution.get("cause")
    assert run.counts == (20_000, 20_000, 0)


def test_an_event_delivered_twice_at_once_is_loaded_once(pipeline: Pipeline) -> None:
    began = time.time()
    upload = pipeline.upload("planes", planes(20_000, "P").encode())
    execution = pipeline.started(upload)
    wait_for_log(pipeline, LOG_GROUP, "MapRunStarted", began)
    second = pipeline.deliver_again(upload, execution)
    assert second.states[-1] == "AlreadyLoaded"
    first = pipeline.finished(upload, execution)
    assert first.status == "SUCCEEDED"
    assert first.counts == (20_000, 20_000, 0)


def test_a_run_that_was_stopped_may_be_run_again(pipeline: Pipeline) -> None:
    began = time.time()
    upload = pipeline.upload("planes", planes(20_000, "O").encode())
    execution = pipeline.started(upload)
    wait_for_log(pipeline, LOG_GROUP, "MapRunStarted", began)
    pipeline.states.stop_execution(executionArn=execution)
    stopped = pipeline.finished(upload, execution)
    assert stopped.notification, "another execution tells of the one that was stopped"
    assert "ABORTED" in stopped.notification.subject
    assert (stopped.ledger["status"], stopped.ledger["error"]) == ("FAILED", "ABORTED")
    assert stopped.ledger["run_id"] == stopped.run_id
    assert stopped.objects("quarantine/")
    again = pipeline.deliver_again(upload, execution)
    assert again.status == "SUCCEEDED", again.execution.get("cause")
    assert again.counts == (20_000, 20_000, 0)


def test_a_stopped_run_that_cannot_be_looked_up_is_told(pipeline: Pipeline) -> None:
    arn = f"{pipeline.outputs['state_machine_arn'].replace(':stateMachine:', ':execution:')}:nobody"
    told = {"executionArn": arn, "name": "nobody", "status": "ABORTED", "startDate": 0}
    event = json.dumps({"source": "aws.states", "detail": told})
    machine = pipeline.outputs["state_machine_alias"]
    started = pipeline.states.start_execution(stateMachineArn=machine, input=event)["executionArn"]
    assert pipeline.wait(started)["error"] == "Sfn.ExecutionDoesNotExistException"
    states = entered(history(pipeline.states, started))
    assert states == ["IsStoppedRun", "LookUpStoppedRun", "RecordFailure", "NotifyFailure", "RunFailed"]


def test_a_run_that_timed_out_is_recorded_like_one_that_was_stopped(pipeline: Pipeline) -> None:
    rule = pipeline.deployment.client("events").describe_rule(Name=f"{MACHINE}-stopped-runs")
    assert set(json.loads(rule["EventPattern"])["detail"]["status"]) == {"ABORTED", "TIMED_OUT"}


def test_an_event_that_cannot_start_the_machine_waits_in_a_queue(pipeline: Pipeline) -> None:
    sqs = pipeline.deployment.client("sqs")
    queue = sqs.get_queue_url(QueueName=f"{MACHINE}-uploads-undelivered")["QueueUrl"]
    with without_policies(pipeline.deployment, f"{MACHINE}-uploads"):
        upload = pipeline.upload("planes", planes(3, "D").encode())
        message = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"][0]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    event = json.loads(message["Body"])
    assert event["detail"]["object"]["version-id"] == upload.version_id, "with the event, it can be delivered later"


def test_a_failed_run_raises_an_alarm_that_recovers(pipeline: Pipeline) -> None:
    with hearing(pipeline.deployment, f"{MACHINE}-failed") as told:
        assert pipeline.run("planes", (HEADER + plane("A", year="NA")).encode()).status == "FAILED"
        assert "redrive" in told("ALARM").message, "the alarm carries its runbook sentence"
        told("OK")
