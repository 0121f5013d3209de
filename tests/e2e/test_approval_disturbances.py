"""The approval workflow under trouble: tried again, compensated, reported; a decision that was stored is never lost."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from scripts.local_engine import Engine
from tests.e2e.approvals import Approvals, decide, wait
from tests.e2e.conftest import HOURS_SCALE, post, waits_scaled
from tests.e2e.disturbances import alias_arn, kill_functions, throttled

ATTEMPTS = 5  # of a step, and of the SDK within a function: the first, and four more
INVOKE = "arn:aws:states:::lambda:invoke"
LOOK = "arn:aws:states:::aws-sdk:ec2:describeInstances"
READ = "arn:aws:states:::dynamodb:getItem"
TELL = "arn:aws:states:::sns:publish"


class Trouble:
    """Lets calls of a machine fail, a given number of times."""

    def __init__(self, engine: Engine, desk: Approvals) -> None:
        self._engine, self._desk = engine, desk

    def arm(self, resource: str, times: int, error: str, **when: str) -> None:
        fault = {"resource": resource, "error": error, "times": times, "when": when}
        post(self._engine, "/_local/faults", fault)

    def step(self, name: str, times: int = 1) -> None:
        """Let a function's calls fail."""
        self.arm(INVOKE, times, "Lambda.ServiceException", FunctionName=alias_arn(self._desk, name))

    def telling(self, subject: str, times: int = 1) -> None:
        """Let the notifications of that subject fail."""
        self.arm(TELL, times, "SNS.InternalErrorException", Subject=subject)


@pytest.fixture
def trouble(engine: Engine, desk: Approvals) -> Trouble:
    return Trouble(engine, desk)


def approved(desk: Approvals, **changes: object) -> str:
    """Make a request and let two people approve it; return its id."""
    request_id = desk.submit(**changes)
    desk.approve(request_id, "bert", "cleo")
    return request_id


def assert_failed(desk: Approvals, request_id: str) -> None:
    """Assert that nothing of a request is left, that it is recorded and that the requester was told."""
    assert desk.ended(request_id) == "LaunchFailed"
    assert desk.execution(request_id)["status"] == "FAILED"
    assert desk.mail(f"Request {request_id} failed", "ada", "outcome")
    assert all(host["State"]["Name"] in ("shutting-down", "terminated") for host in desk.instances(request_id))
    assert desk.request(request_id)["status"] == "LAUNCH_FAILED"
    assert desk.trail(request_id)[-1] == "LAUNCH_FAILED"


def test_every_step_is_tried_again(desk: Approvals, trouble: Trouble) -> None:
    for name in ("validate_request", "ask_approvers", "close_request", "launch_instance", "publish_parameters"):
        trouble.step(name)
    trouble.step("record_outcome")
    trouble.step("end_instance")
    trouble.arm(LOOK, 1, "Ec2.Ec2Exception")
    trouble.arm(READ, 1, "DynamoDB.InternalServerErrorException")
    request_id = desk.submit()
    for what in ("was approved", "ends soon", "has ended"):
        trouble.telling(f"Request {request_id} {what}")
    desk.approve(request_id, "bert", "cleo")
    assert desk.ended(request_id) == "Approved"
    assert desk.mail(request_id, "ada", "ended")
    assert len(desk.instances(request_id)) == 1


def test_an_extension_is_tried_again(desk: Approvals, trouble: Trouble) -> None:
    first = approved(desk, hours=3)
    desk.mail(first, "ada", "outcome")
    trouble.step("extend_instance")
    second = desk.extend(first, hours=1)
    desk.approve(second, "bert", "cleo")
    assert desk.ended(second) == "Approved"


def test_a_failed_extension_leaves_the_host_as_it_is(desk: Approvals, trouble: Trouble) -> None:
    first = approved(desk, hours=3)
    desk.mail(first, "ada", "outcome")
    end = desk.request(first)["ends_at"]
    trouble.step("extend_instance", ATTEMPTS)
    second = desk.extend(first, hours=1)
    desk.approve(second, "bert", "cleo")
    assert desk.ended(second) == "LaunchFailed"
    assert desk.request(first)["ends_at"] == end
    assert desk.ended(first) == "Approved"


@pytest.mark.parametrize("step", ["validate_request", "ask_approvers"])
def test_a_request_that_cannot_be_put_to_anybody_fails(desk: Approvals, trouble: Trouble, step: str) -> None:
    trouble.step(step, ATTEMPTS)
    request_id = desk.submit()
    assert desk.ended(request_id) == "LaunchFailed"
    assert desk.request(request_id)["status"] == "LAUNCH_FAILED"


@pytest.mark.parametrize("step", ["close_request", "launch_instance", "publish_parameters", "record_outcome"])
def test_a_launch_that_fails_is_compensated_and_reported(desk: Approvals, trouble: Trouble, step: str) -> None:
    trouble.step(step, ATTEMPTS)
    trouble.step("end_instance")  # also the compensation is tried again
    request_id = approved(desk)
    assert_failed(desk, request_id)


def test_a_launch_that_nobody_can_look_at_is_compensated(desk: Approvals, trouble: Trouble) -> None:
    trouble.arm(LOOK, ATTEMPTS, "Ec2.Ec2Exception")
    assert_failed(desk, approved(desk))


def test_an_instance_that_does_not_come_up_is_compensated(desk: Approvals) -> None:
    request_id = approved(desk)
    wait(lambda: desk.instances(request_id))
    desk.ec2.terminate_instances(InstanceIds=[desk.instances(request_id)[0]["InstanceId"]])
    assert_failed(desk, request_id)
    assert desk.execution(request_id)["error"] == "InstanceNotRunning"


def test_trouble_while_a_host_runs_ends_it_and_tells(desk: Approvals, trouble: Trouble) -> None:
    trouble.arm(READ, ATTEMPTS, "DynamoDB.InternalServerErrorException")
    assert_failed(desk, approved(desk))


def test_a_host_whose_end_fails_is_ended_by_the_compensation(desk: Approvals, trouble: Trouble) -> None:
    trouble.step("end_instance", ATTEMPTS)
    request_id = approved(desk)
    assert desk.ended(request_id) == "LaunchFailed"
    assert desk.instances(request_id)[0]["State"]["Name"] in ("shutting-down", "terminated")


def test_a_warning_that_cannot_be_sent_changes_nothing(desk: Approvals, trouble: Trouble) -> None:
    request_id = desk.submit()
    trouble.telling(f"Request {request_id} ends soon", times=4)
    desk.approve(request_id, "bert", "cleo")
    assert desk.ended(request_id) == "Approved"


def test_an_end_that_nobody_hears_of_fails_the_execution(desk: Approvals, trouble: Trouble) -> None:
    request_id = desk.submit()
    trouble.telling(f"Request {request_id} has ended", times=4)
    desk.approve(request_id, "bert", "cleo")
    assert desk.ended(request_id) == "LaunchFailed"


def test_what_cannot_be_compensated_is_told(desk: Approvals, trouble: Trouble) -> None:
    trouble.step("launch_instance", ATTEMPTS)
    trouble.step("end_instance", ATTEMPTS)
    request_id = desk.submit()
    trouble.step("record_outcome")
    trouble.telling(f"Request {request_id} failed")
    desk.approve(request_id, "bert", "cleo")
    assert desk.ended(request_id) == "LaunchFailed"
    assert "may still run" in desk.mail(f"Request {request_id} failed", "ada", "outcome").message


def test_a_failure_that_nobody_hears_of_is_a_failed_execution(desk: Approvals, trouble: Trouble) -> None:
    trouble.step("launch_instance", ATTEMPTS)
    request_id = desk.submit()
    trouble.telling(f"Request {request_id} failed", times=4)
    desk.approve(request_id, "bert", "cleo")
    assert desk.ended(request_id) == "LaunchFailed"
    assert desk.execution(request_id)["status"] == "FAILED"


def test_without_capacity_the_next_allowed_type_is_launched(desk: Approvals, trouble: Trouble) -> None:
    trouble.arm("ec2:RunInstances", ATTEMPTS, "InsufficientInstanceCapacity", InstanceType="t3.micro")
    request_id = approved(desk)
    desk.mail(request_id, "ada", "outcome")
    [host] = desk.instances(request_id)
    assert host["InstanceType"] != "t3.micro"
    assert desk.ended(request_id) == "Approved"


def test_without_any_capacity_the_launch_fails(desk: Approvals, trouble: Trouble) -> None:
    for each in desk.policy.read()["instance_types"]:
        trouble.arm("ec2:RunInstances", ATTEMPTS, "InsufficientInstanceCapacity", InstanceType=each["type"])
    request_id = approved(desk)
    assert_failed(desk, request_id)
    assert not desk.instances(request_id)
    assert desk.execution(request_id)["error"] == "InsufficientInstanceCapacity"


def test_a_decision_survives_the_death_of_the_function_that_answers(desk: Approvals, engine: Engine) -> None:
    request_id = desk.submit()
    links = [desk.link(request_id, name) for name in ("bert", "cleo")]
    with throttled(desk, "resume_workflow"):
        assert [decide(link, "approve").status for link in links] == [200, 200]
        time.sleep(0.5)
        assert desk.request(request_id)["status"] == "APPROVED"
        assert desk.entered(request_id)[-1] == "AskApprovers", "stored, and not answered"
        assert kill_functions(engine)
    assert desk.ended(request_id) == "Approved"


def test_functions_killed_again_and_again_after_the_decision_lose_nothing(desk: Approvals, engine: Engine) -> None:
    request_id = desk.submit()
    desk.approve(request_id, "bert", "cleo")
    killed = 0
    while "CloseRequest" not in desk.entered(request_id) and killed < 3:
        killed += kill_functions(engine)
    assert desk.ended(request_id) == "Approved"
    assert len(desk.instances(request_id)) == 1


def test_an_answer_that_cannot_be_given_is_kept_aside_and_made_up_for(desk: Approvals, trouble: Trouble) -> None:
    with desk.policy.changed(deadline_seconds=30, reminders=1):
        request_id = desk.submit()
        links = [desk.link(request_id, name) for name in ("bert", "cleo")]
    trouble.arm("states:SendTaskSuccess", 50, "AccessDeniedException", taskToken=desk.task_token(request_id))
    assert [decide(link, "approve").status for link in links] == [200, 200]
    sqs = desk.deployment.client("sqs")
    queue = sqs.get_queue_url(QueueName="workflows-local-approval-workflow-decisions-failures")["QueueUrl"]
    wait(lambda: "Messages" in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5))
    assert desk.ended(request_id) == "Approved", "the reminder finds it decided"


def test_a_launch_that_runs_several_times_launches_once(desk: Approvals, trouble: Trouble, engine: Engine) -> None:
    trouble.step("launch_instance")
    request_id = desk.submit()
    with waits_scaled(engine, 0.5, then=HOURS_SCALE):
        desk.approve(request_id, "bert", "cleo")
        wait(lambda: "LaunchInstance" in desk.entered(request_id))
        event = {"request_id": request_id, "image_id": desk.request(request_id)["plan"]["image_id"]}
        with ThreadPoolExecutor(4) as pool:
            answers = list(
                pool.map(lambda _: desk.invoke("launch_instance", event | {"instance_type": "t3.micro"}), "1234")
            )
    assert len({answer["instance_id"] for answer in answers}) == 1, json.dumps(answers)
    assert desk.ended(request_id) == "Approved"
    assert len(desk.instances(request_id)) == 1
