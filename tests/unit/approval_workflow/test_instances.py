"""What was approved is launched once, extended only while it runs and within bounds, and ended for good."""

from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from approval_workflow.domain.errors import ExtensionRefused, InsufficientInstanceCapacity, LaunchRefused, NotApproved
from approval_workflow.handlers import end_instance, extend_instance, publish_parameters, record_outcome
from shared.clients import client
from shared.faults import TransientFailure
from tests.support.functions import Context
from tests.unit.approval_workflow.aws import refusal
from tests.unit.approval_workflow.workflow import ADA, HOSTS, IMAGE, POLICY, WISH, Workflow

INSTANCE = f"i-{0:017}"
END = "2026-11-24T08:00:00Z"
HOUR = 3600


def extension(request_id: str, **changes: Any) -> dict[str, Any]:
    return {"extends": request_id, "hours": 2, "purpose": "More", "cost_centre": "CC-1001"} | changes


def parameters(request_id: str) -> dict[str, str]:
    found = client("ssm").get_parameters_by_path(Path=f"{HOSTS}/{request_id}", WithDecryption=False)["Parameters"]
    return {parameter["Name"].rpartition("/")[2]: parameter["Value"] for parameter in found}


def test_an_approved_instance_is_launched_with_all_its_tags(workflow: Workflow) -> None:
    request_id = workflow.approved()
    assert workflow.launch(request_id) == {"instance_id": INSTANCE, "instance_type": "t3.micro", "ends_at": END}
    (call,) = workflow.ec2.tokens.values()
    assert call["ClientToken"] == f"{request_id}-t3.micro"
    assert call["LaunchTemplate"] == {"LaunchTemplateId": "lt-1", "Version": "$Default"}
    assert (call["ImageId"], call["InstanceType"], call["MinCount"], call["MaxCount"]) == (IMAGE, "t3.micro", 1, 1)
    assert call["NetworkInterfaces"][0]["AssociatePublicIpAddress"] is False
    assert call["NetworkInterfaces"][0]["SubnetId"] in {"subnet-1", "subnet-2"}
    tags = {"Name": request_id, "owner": "ada", "request-id": request_id, "ends-at": END, "cost-centre": "CC-1001"}
    for specification in call["TagSpecifications"]:
        found = {tag["Key"]: tag["Value"] for tag in specification["Tags"]}
        assert found == tags | {"workflow": "approval-workflow"}
    assert [each["ResourceType"] for each in call["TagSpecifications"]] == ["instance", "volume"]
    assert workflow.trail(request_id)[-1] == "LAUNCHED"
    assert "task_token" not in workflow.stored(request_id)


def test_a_launch_that_is_tried_again_is_the_very_same(workflow: Workflow) -> None:
    request_id = workflow.approved()
    first = workflow.launch(request_id)
    workflow.pass_time(300)
    assert workflow.launch(request_id) == first
    assert list(workflow.ec2.instances) == [INSTANCE]
    assert workflow.trail(request_id).count("LAUNCHED") == 1


def test_a_launch_whose_answer_was_lost_is_found_again(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    request_id = workflow.approved()
    run = workflow.ec2.run_instances

    def lose(**call: Any) -> None:
        run(**call)
        raise ConnectTimeoutError(endpoint_url="")

    with monkeypatch.context() as patch:
        patch.setattr(workflow.ec2, "run_instances", lose)
        with pytest.raises(TransientFailure):
            workflow.launch(request_id)
    workflow.pass_time(300)
    assert workflow.launch(request_id)["instance_id"] == INSTANCE
    assert list(workflow.ec2.instances) == [INSTANCE]


def test_where_there_is_no_room_the_next_type_is_launched_until_the_same_end(workflow: Workflow) -> None:
    request_id = workflow.approved()
    workflow.ec2.no_room = {"t3.micro"}
    with pytest.raises(InsufficientInstanceCapacity):
        workflow.launch(request_id)
    workflow.pass_time(60)
    launched = workflow.launch(request_id, "t3.small")
    assert (launched["instance_type"], launched["ends_at"]) == ("t3.small", END)


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("InsufficientInstanceCapacity", 500, InsufficientInstanceCapacity),
        ("InsufficientHostCapacity", 500, InsufficientInstanceCapacity),
        ("Unsupported", 400, InsufficientInstanceCapacity),
        ("InternalError", 500, TransientFailure),
        ("Unavailable", 503, TransientFailure),
        ("UnauthorizedOperation", 403, LaunchRefused),
        ("VcpuLimitExceeded", 400, LaunchRefused),
        ("InvalidAMIID.NotFound", 400, LaunchRefused),
    ],
)
def test_the_reason_why_a_launch_fails_says_what_to_do(
    workflow: Workflow, code: str, status: int, error: type[Exception]
) -> None:
    request_id = workflow.approved()
    workflow.ec2.fails = [refusal(code, status)]
    with pytest.raises(error, match=code):
        workflow.launch(request_id)
    assert workflow.launch(request_id)["instance_id"] == INSTANCE


def test_nothing_is_launched_that_is_not_approved(workflow: Workflow) -> None:
    request_id = workflow.asked()
    with pytest.raises(NotApproved):
        workflow.launch(request_id)
    workflow.decide(workflow.link(request_id, "bert"), decision="deny")
    with pytest.raises(NotApproved):
        workflow.launch(request_id)
    assert workflow.ec2.instances == {}


def test_a_host_s_parameters_are_under_its_own_path_and_tagged_with_its_instance(workflow: Workflow) -> None:
    request_id = workflow.approved(WISH | {"purpose": "Use {{{ssm:other}}}"})
    workflow.launch(request_id)
    for _ in range(2):
        answer = workflow.step(publish_parameters, request_id, instance_id=INSTANCE)
        assert answer == {"path": f"{HOSTS}/{request_id}"}
    assert parameters(request_id) == {
        "owner": "ada", "purpose": "Use { { {ssm:other}}}", "cost-centre": "CC-1001", "ends-at": END,
        "instance-id": INSTANCE,
    }  # fmt: skip
    tags = client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=f"{HOSTS}/{request_id}/owner")
    arn = f"arn:aws:ec2:us-east-1:000000000000:instance/{INSTANCE}"
    assert tags["TagList"] == [{"Key": "instance", "Value": arn}]


def test_at_its_end_an_instance_is_stopped_terminated_and_forgotten(workflow: Workflow) -> None:
    request_id = workflow.running()
    for _ in range(2):
        answer = workflow.step(end_instance, request_id, ends_at=END)
        assert answer == {"ended": 1, "extended": False, "ends_at": END}
    assert workflow.ec2.calls == ["stop", "terminate"]
    assert parameters(request_id) == {}
    assert workflow.stored(request_id)["status"] == "ENDED"
    assert workflow.trail(request_id).count("ENDED") == 1


def test_an_instance_that_does_not_stop_in_time_is_terminated_all_the_same(workflow: Workflow) -> None:
    request_id = workflow.running()
    workflow.ec2.stops_slowly = True
    end_instance.handler({"request_id": request_id, "ends_at": END}, Context(seconds=1))
    assert workflow.ec2.instances[INSTANCE]["state"] == "terminated"


def test_an_instance_is_waited_for_until_it_stops(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    request_id = workflow.running()
    workflow.ec2.stops_slowly = True
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            workflow.ec2.instances[INSTANCE]["state"] = "stopped"

    monkeypatch.setattr("approval_workflow.adapters.instances.time.sleep", wait)
    end_instance.handler({"request_id": request_id, "ends_at": END}, Context(seconds=300))
    assert len(waits) == 3


def test_an_end_that_fails_half_way_is_tried_again(workflow: Workflow) -> None:
    request_id = workflow.running()
    workflow.ec2.fails = [refusal("InternalError", 500)]
    with pytest.raises(TransientFailure):
        workflow.step(end_instance, request_id, ends_at=END)
    assert workflow.stored(request_id)["status"] == "ENDING"
    assert workflow.step(end_instance, request_id, ends_at=END)["ended"] == 1
    assert workflow.stored(request_id)["status"] == "ENDED"


def test_a_failed_launch_is_compensated_by_its_tags_and_reported(workflow: Workflow) -> None:
    request_id, other = workflow.approved(), workflow.approved(key="key-2")
    workflow.launch(other)
    workflow.launch(request_id)
    for _ in range(2):
        assert workflow.step(end_instance, request_id) == {"ended": 1, "extended": False, "ends_at": None}
    assert [instance["state"] for instance in workflow.ec2.instances.values()] == ["running", "terminated"]
    workflow.step(record_outcome, request_id, outcome="LAUNCH_FAILED", detail={"Error": "LaunchRefused"})
    assert workflow.stored(request_id)["status"] == "LAUNCH_FAILED"


def test_a_failure_may_follow_an_approval_that_was_reported(workflow: Workflow) -> None:
    running = workflow.running()
    for outcome in ("APPROVED", "LAUNCH_FAILED", "LAUNCH_FAILED"):
        workflow.step(record_outcome, running, outcome=outcome, detail="")
    assert workflow.stored(running)["status"] == "LAUNCH_FAILED"
    assert workflow.trail(running)[-2:] == ["APPROVED", "LAUNCH_FAILED"]


def test_nothing_to_compensate_is_no_error(workflow: Workflow) -> None:
    assert workflow.step(end_instance, workflow.approved())["ended"] == 0


def test_an_extension_moves_the_end_once(workflow: Workflow) -> None:
    running = workflow.running()
    extending = workflow.approved(extension(running), "key-2")
    new_end = "2026-11-24T10:00:00Z"
    for _ in range(2):
        answer = workflow.step(extend_instance, extending, extends=running, hours=2)
        assert answer == {"instance_id": INSTANCE, "ends_at": new_end}
    stored = workflow.stored(running)
    assert (stored["ends_at"], stored["granted_hours"]) == (new_end, 26)
    assert workflow.ec2.instances[INSTANCE]["tags"]["ends-at"] == new_end
    assert parameters(running)["ends-at"] == new_end
    assert workflow.trail(running).count("EXTENDED") == 1
    assert workflow.audit(running)[-1]["who"] == ADA


def test_the_plan_of_an_extension_launches_nothing(workflow: Workflow) -> None:
    running = workflow.running()
    plan = workflow.validate(workflow.submit(extension(running), "key-2"))
    assert (plan["valid"], plan["types"], plan["image_id"], plan["extends"]) == (True, [], None, running)
    assert plan["price_usd"] == "0.0208"
    with pytest.raises(NotApproved):
        workflow.launch(workflow.approved(extension(running), "key-3"))


def test_an_extension_a_moment_before_the_end_is_not_lost(workflow: Workflow) -> None:
    running = workflow.running()
    extending = workflow.approved(extension(running), "key-2")
    workflow.step(extend_instance, extending)
    answer = workflow.step(end_instance, running, ends_at=END)
    assert answer == {"ended": 0, "extended": True, "ends_at": "2026-11-24T10:00:00Z"}
    assert workflow.ec2.instances[INSTANCE]["state"] == "running"


def test_an_extension_a_moment_after_the_end_is_refused(workflow: Workflow) -> None:
    running = workflow.running()
    extending = workflow.approved(extension(running), "key-2")
    workflow.step(end_instance, running, ends_at=END)
    with pytest.raises(ExtensionRefused, match="does not run"):
        workflow.step(extend_instance, extending)
    assert workflow.stored(running)["status"] == "ENDED"


@pytest.mark.parametrize(("hours", "valid"), [(48, True), (49, False)])
def test_all_hours_together_stay_within_the_policy(workflow: Workflow, hours: int, valid: bool) -> None:
    running = workflow.running()
    assert workflow.validate(workflow.submit(extension(running, hours=hours), "key-2"))["valid"] is valid


def test_two_extensions_cannot_pass_the_limit_together(workflow: Workflow) -> None:
    running = workflow.running()
    first, second = (workflow.approved(extension(running, hours=30), f"key-{number}") for number in (2, 3))
    workflow.step(extend_instance, first)
    with pytest.raises(ExtensionRefused, match="84 hours are more than the 72"):
        workflow.step(extend_instance, second)
    assert workflow.stored(running)["granted_hours"] == 54


def test_the_price_cap_holds_for_all_hours_together(workflow: Workflow) -> None:
    running = workflow.running()
    workflow.agree(POLICY | {"max_price_usd": "0.2703"})
    plan = workflow.validate(workflow.submit(extension(running), "key-2"))
    assert plan["reasons"] == ["26 hours of t3.micro cost 0.2704 USD, more than 0.2703 USD"]


def test_a_policy_that_has_become_stricter_counts_for_extensions(workflow: Workflow) -> None:
    running = workflow.running()
    extending = workflow.approved(extension(running), "key-2")
    workflow.agree(POLICY | {"max_hours": 25})
    with pytest.raises(ExtensionRefused):
        workflow.step(extend_instance, extending)


def test_an_extension_that_is_not_approved_extends_nothing(workflow: Workflow) -> None:
    running = workflow.running()
    extending = workflow.asked(extension(running), "key-2")
    with pytest.raises(NotApproved):
        workflow.step(extend_instance, extending)


def test_only_its_owner_extends_an_instance(workflow: Workflow) -> None:
    running = workflow.running()
    bert = POLICY["people"]["bert"]["principal"]
    plan = workflow.validate(workflow.submit(extension(running), "key-2", bert))
    assert plan["reasons"] == [f"the requester has no request {running}"]
    plan = workflow.validate(workflow.submit(extension("req-" + "0" * 20), "key-3"))
    assert plan["reasons"] == ["the requester has no request req-00000000000000000000"]


def test_only_what_runs_can_be_extended(workflow: Workflow) -> None:
    waiting = workflow.asked()
    plan = workflow.validate(workflow.submit(extension(waiting), "key-2"))
    assert plan["reasons"] == [f"the instance of {waiting} does not run"]
    running = workflow.approved(key="key-3")
    workflow.launch(running)
    workflow.pass_time(24 * HOUR)
    plan = workflow.validate(workflow.submit(extension(running), "key-4"))
    assert plan["reasons"] == [f"the instance of {running} does not run"]


def test_an_extension_cannot_be_extended_itself(workflow: Workflow) -> None:
    running = workflow.running()
    extending = workflow.approved(extension(running), "key-2")
    plan = workflow.validate(workflow.submit(extension(extending), "key-3"))
    assert plan["reasons"] == [f"the instance of {extending} does not run"]
