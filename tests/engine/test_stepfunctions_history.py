"""Step Functions: history and logs tell everything, in AWS's shape."""

import json
from collections.abc import Callable
from typing import Any

from tests.support.machines import Machines, chain

type Clients = Callable[[str], Any]
EVERYTHING = {"Action": "*", "Resource": "*"}


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def names(events: list[dict[str, Any]], key: str = "stateEnteredEventDetails") -> list[str]:
    return [event[key]["name"] for event in events if key in event]


def failing_task(**more: Any) -> dict[str, Any]:
    arguments = {"TopicArn": "arn:aws:sns:us-east-1:000000000000:nowhere", "Message": "m"}
    return {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Arguments": arguments, **more}


def test_a_task_tells_what_it_calls_and_how_often(machines: Machines) -> None:
    retry = [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    task = failing_task(Retry=retry, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "B"}])
    events = machines.events(machines.once([task, {"Type": "Succeed"}]))
    assert types(events) == [
        "ExecutionStarted",
        "TaskStateEntered",
        *["TaskScheduled", "TaskStarted", "TaskFailed"] * 2,
        "TaskStateExited",
        "SucceedStateEntered",
        "SucceedStateExited",
        "ExecutionSucceeded",
    ]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert [event["previousEventId"] for event in events] == list(range(len(events)))
    scheduled = events[2]["taskScheduledEventDetails"]
    assert (scheduled["resourceType"], scheduled["resource"], scheduled["region"]) == ("sns", "publish", "us-east-1")
    assert json.loads(scheduled["parameters"])["Message"] == "m"


def test_branches_of_a_parallel_are_told_apart(machines: Machines) -> None:
    branch = chain({"Inner": {"Type": "Pass", "End": True}})
    events = machines.events(machines.once({"Both": {"Type": "Parallel", "Branches": [branch, branch], "End": True}}))
    assert names(events) == ["Both", "Inner", "Inner"]
    started = next(event["id"] for event in events if event["type"] == "ParallelStateStarted")
    inner = [e for e in events if e["type"] == "PassStateEntered"]
    assert [event["previousEventId"] for event in inner] == [started, started]


def test_iterations_of_a_map_are_told(machines: Machines) -> None:
    processor = chain({"Inner": {"Type": "Pass", "Output": "{% $states.input * 2 %}", "End": True}})
    state = {"Type": "Map", "Items": [1, 2], "MaxConcurrency": 1, "ItemProcessor": processor, "End": True}
    ended = machines.once({"Each": state})
    assert ended["output"] == "[2, 4]"
    assert types(machines.events(ended))[1:-1] == [
        "MapStateEntered",
        "MapStateStarted",
        *["MapIterationStarted", "PassStateEntered", "PassStateExited", "MapIterationSucceeded"] * 2,
        "MapStateSucceeded",
        "MapStateExited",
    ]


def test_the_first_failing_branch_stops_the_others(machines: Machines) -> None:
    slow = chain([{"Type": "Wait", "Seconds": 60}, {"Type": "Pass"}])
    failing = chain({"Broken": {"Type": "Fail", "Error": "Broken"}})
    ended = machines.once({"Both": {"Type": "Parallel", "Branches": [slow, failing], "End": True}})
    assert ended["error"] == "Broken"
    assert "PassStateEntered" not in types(machines.events(ended))


def test_a_variable_assigned_in_a_branch_stays_there(machines: Machines) -> None:
    branch = chain({"Inner": {"Type": "Pass", "Assign": {"x": 2}, "Output": "{% $x %}", "End": True}})
    states = [
        {"Type": "Pass", "Assign": {"x": 1}},
        {"Type": "Parallel", "Branches": [branch], "Output": {"inner": "{% $states.result[0] %}"}},
        {"Type": "Pass", "Output": {"x": "{% $x %}", "inner": "{% $states.input.inner %}"}},
    ]
    assert json.loads(machines.once(states)["output"]) == {"x": 1, "inner": 1}


def test_a_choice_without_a_match_has_the_states_output(machines: Machines) -> None:
    rule = {"Condition": "{% $states.input.n > 1 %}", "Output": "rule", "Next": "End"}
    choice = {"Type": "Choice", "Choices": [rule], "Default": "End", "Output": {"was": "{% $states.input.n %}"}}
    machine = machines.make({"Choose": choice, "End": {"Type": "Succeed"}})
    assert [machines.run(machine, {"n": n})["output"] for n in (1, 2)] == ['{"was": 1}', '"rule"']


def test_a_failed_expression_is_an_event(machines: Machines) -> None:
    broken = chain({"Inner": {"Type": "Pass", "Output": "{% $states.input.nothing %}", "End": True}})
    ended = machines.once({"Outer": {"Type": "Parallel", "Branches": [broken], "End": True}})
    assert ended["error"] == "States.QueryEvaluationError"
    told = [e for e in machines.events(ended) if e["type"] == "EvaluationFailed"]
    assert [event["evaluationFailedEventDetails"]["state"] for event in told] == ["Inner"]


def test_every_event_is_logged(machines: Machines, client: Clients, name: str) -> None:
    group = f"/aws/vendedlogs/states/{name}"
    client("logs").create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{group}:*"
    destinations = [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}]
    logging = {"level": "ALL", "includeExecutionData": True, "destinations": destinations}
    machine = machines.make([{"Type": "Pass"}], EVERYTHING, loggingConfiguration=logging)
    assert machines.sfn.describe_state_machine(stateMachineArn=machine)["loggingConfiguration"] == logging
    ended = machines.run(machine, {"a": 1})
    logged = client("logs").filter_log_events(logGroupName=group)["events"]
    entries = [json.loads(event["message"]) for event in logged]
    assert [entry["type"] for entry in entries] == types(machines.events(ended))
    entered = entries[1]
    assert entered["details"] == {"name": "A", "input": '{"a": 1}', "inputDetails": {"truncated": False}}
    assert (entered["id"], entered["previous_event_id"]) == ("2", "1")
    assert entered["execution_arn"] == ended["executionArn"]
    assert entered["event_timestamp"].isdigit()
    assert logged[0]["logStreamName"].startswith(f"states/{machine.rsplit(':', 1)[1]}/")


def test_level_error_logs_failures_without_data(machines: Machines, client: Clients, name: str) -> None:
    group = f"/aws/vendedlogs/states/{name}"
    client("logs").create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{group}:*"
    logging = {"level": "ERROR", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}]}
    machine = machines.make([{"Type": "Fail", "Error": "No"}], EVERYTHING, loggingConfiguration=logging)
    machines.run(machine)
    logged = client("logs").filter_log_events(logGroupName=group)["events"]
    entries = [json.loads(event["message"]) for event in logged]
    assert [entry["type"] for entry in entries] == ["FailStateEntered", "ExecutionFailed"]
    assert entries[0]["details"] == {"name": "A"}
