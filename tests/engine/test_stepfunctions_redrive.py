"""Step Functions: what a redrive repeats, what it does not, and when there is none."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.executions import entered, wait_for_end
from tests.support.machines import SECONDS, Machines, chain

type Clients = Callable[[str], Any]
EVERYTHING = {"Action": "*", "Resource": "*"}


class Flags:
    """Objects that a state looks for: it fails until the one it wants is there."""

    def __init__(self, client: Clients, bucket: str) -> None:
        self.s3, self.bucket = client("s3"), bucket
        self.s3.create_bucket(Bucket=bucket)

    def set(self, key: str) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"")

    def wanted(self, key: str) -> dict[str, Any]:
        """Return the state that wants `key` (text or an expression) and hands on its input."""
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:headObject",
            "Arguments": {"Bucket": self.bucket, "Key": key},
            "Output": "{% $states.input %}",
        }


@pytest.fixture
def flags(client: Clients, name: str) -> Flags:
    return Flags(client, name)


def redriven(machines: Machines, execution: dict[str, Any]) -> dict[str, Any]:
    machines.sfn.redrive_execution(executionArn=execution["executionArn"])
    return wait_for_end(machines.sfn, execution["executionArn"], SECONDS)


def times(machines: Machines, execution: dict[str, Any]) -> Counter[str]:
    return Counter(entered(machines.events(execution)))


def test_only_branches_that_failed_or_were_stopped_go_on(machines: Machines, flags: Flags) -> None:
    good = chain({"Good": {"Type": "Pass", "Output": "good", "End": True}})
    bad = chain(
        {
            "Before": {"Type": "Pass", "Output": "kept", "Assign": {"seen": 1}, "Next": "Bad"},
            "Bad": {**flags.wanted("bad"), "Next": "After"},
            "After": {"Type": "Pass", "Output": "{% $states.input & $string($seen) %}", "End": True},
        }
    )
    slow = chain({"Slow": {"Type": "Wait", "Seconds": 1, "Next": "Late"}, "Late": {"Type": "Succeed"}})
    machine = machines.make([{"Type": "Pass"}, {"Type": "Parallel", "Branches": [good, bad, slow]}], EVERYTHING)
    failed = machines.run(machine, {"from": "input"})
    assert failed["status"] == "FAILED"
    flags.set("bad")
    ended = redriven(machines, failed)
    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"]) == ["good", "kept1", {"from": "input"}]
    assert times(machines, ended) == {
        "A": 1, "B": 2, "Good": 1, "Before": 1, "Bad": 2, "After": 1, "Slow": 2, "Late": 1,
    }  # fmt: skip


def test_only_iterations_that_failed_go_on_and_one_that_fails_again_can_be_redriven_again(
    machines: Machines, flags: Flags
) -> None:
    task = flags.wanted("{% $states.input %}")
    state = {
        "Type": "Map",
        "Items": ["one", "two"],
        "MaxConcurrency": 1,
        "ItemProcessor": chain([{"Type": "Pass"}, task]),
    }
    failed = machines.once({"Each": {**state, "End": True}}, EVERYTHING)
    assert failed["status"] == "FAILED"
    flags.set("one")
    again = redriven(machines, failed)
    assert (again["status"], again["redriveCount"]) == ("FAILED", 1)
    flags.set("two")
    ended = redriven(machines, again)
    assert (json.loads(ended["output"]), ended["redriveCount"]) == (["one", "two"], 2)
    counted = times(machines, ended)
    assert counted == {"Each": 3, "A": 2, "B": 4}, "one failed once, two was not begun, then failed once"


def test_a_state_that_failed_after_its_branches_runs_them_again(machines: Machines) -> None:
    branch = chain([{"Type": "Pass", "Output": "{% $pad('', 200000, 'x') %}"}])
    failed = machines.once([{"Type": "Parallel", "Branches": [branch, branch]}], EVERYTHING)
    assert failed["error"] == "States.DataLimitExceeded"
    again = redriven(machines, failed)
    assert (again["status"], again["error"]) == ("FAILED", "States.DataLimitExceeded")
    assert times(machines, again)["A"] == 2 + 4, "the Parallel state is named A too"


def test_a_fail_state_is_entered_again_and_fails_again(machines: Machines) -> None:
    failed = machines.once([{"Type": "Pass"}, {"Type": "Fail", "Error": "Told", "Cause": "why"}])
    again = redriven(machines, failed)
    assert (again["status"], again["error"], again["redriveCount"]) == ("FAILED", "Told", 1)
    assert times(machines, again) == {"A": 1, "B": 2}


def test_the_children_of_a_map_run_are_the_same_executions_and_go_on(machines: Machines, flags: Flags) -> None:
    flags.s3.put_object(Bucket=flags.bucket, Key="items", Body=b'["one"]')
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        **chain([{"Type": "Pass"}, flags.wanted("{% $states.input %}")]),
    }
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Arguments": {"Bucket": flags.bucket, "Key": "items"},
    }
    state = {"Type": "Map", "ItemProcessor": processor, "ItemReader": reader, "End": True}
    failed = machines.once({"Each": state}, EVERYTHING)
    [run] = machines.sfn.list_map_runs(executionArn=failed["executionArn"])["mapRuns"]
    [child] = machines.sfn.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    told = machines.sfn.describe_execution(executionArn=child["executionArn"])
    assert told["redriveStatus"] == "REDRIVABLE_BY_MAP_RUN"
    with pytest.raises(ClientError, match="ExecutionNotRedrivable"):
        machines.sfn.redrive_execution(executionArn=child["executionArn"])
    flags.set("one")
    assert redriven(machines, failed)["status"] == "SUCCEEDED"
    [same] = machines.sfn.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    assert same["executionArn"] == child["executionArn"]
    assert times(machines, same) == {"A": 1, "B": 2}
    assert machines.sfn.describe_execution(executionArn=same["executionArn"])["redriveCount"] == 1


def test_a_stopped_execution_goes_on_at_once_and_runs_once(machines: Machines) -> None:
    machine = machines.make([{"Type": "Wait", "Seconds": 1}, {"Type": "Pass"}])
    arn = machines.sfn.start_execution(stateMachineArn=machine)["executionArn"]
    machines.sfn.stop_execution(executionArn=arn)
    ended = redriven(machines, {"executionArn": arn})
    assert ended["status"] == "SUCCEEDED"
    assert times(machines, ended)["B"] == 1


def test_the_same_client_token_redrives_once(machines: Machines) -> None:
    failed = machines.once([{"Type": "Fail"}])
    asked = {"executionArn": failed["executionArn"], "clientToken": "token"}
    dates = [machines.sfn.redrive_execution(**asked)["redriveDate"]]
    wait_for_end(machines.sfn, failed["executionArn"], SECONDS)
    dates.append(machines.sfn.redrive_execution(**asked)["redriveDate"])
    assert dates[0] == dates[1]
    assert machines.sfn.describe_execution(executionArn=failed["executionArn"])["redriveCount"] == 1


def test_what_succeeded_and_what_still_runs_is_not_redrivable(machines: Machines) -> None:
    succeeded = machines.once([{"Type": "Pass"}])
    machine = machines.make([{"Type": "Wait", "Seconds": 60}])
    running = machines.sfn.start_execution(stateMachineArn=machine)["executionArn"]
    for arn, status in ((succeeded["executionArn"], "SUCCEEDED"), (running, "RUNNING")):
        told = machines.sfn.describe_execution(executionArn=arn)
        assert told["redriveStatus"] == "NOT_REDRIVABLE"
        assert status in told["redriveStatusReason"]
        with pytest.raises(ClientError, match="ExecutionNotRedrivable"):
            machines.sfn.redrive_execution(executionArn=arn)
    machines.sfn.stop_execution(executionArn=running)
