"""Step Functions: a distributed Map reads, batches, tolerates, writes and shows its children."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from scripts.executions import inside_maps, wait_for_end
from tests.engine.waiting import until
from tests.support.machines import Machines, chain

type Clients = Callable[[str], Any]
EVERYTHING = {"Action": "*", "Resource": "*"}
GET = "arn:aws:states:::s3:getObject"


@pytest.fixture
def put(client: Clients, name: str) -> Callable[[str, str], dict[str, str]]:
    client("s3").create_bucket(Bucket=name)

    def store(key: str, text: str) -> dict[str, str]:
        client("s3").put_object(Bucket=name, Key=key, Body=text.encode())
        return {"Bucket": name, "Key": key}

    return store


def distributed(inner: Any, **fields: Any) -> dict[str, Any]:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **chain(inner)}
    return {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}


def reader(kind: str, arguments: Any, **config: Any) -> dict[str, Any]:
    return {"Resource": GET, "ReaderConfig": {"InputType": kind, **config}, "Arguments": arguments}


ECHO = [{"Type": "Pass"}]


@pytest.mark.parametrize(
    ("dataset", "items"),
    [
        (("JSON", '[{"n": 1}, {"n": 2}]', {}), [{"n": 1}, {"n": 2}]),
        (("JSONL", '{"n": 1}\n{"n": 2}\n', {}), [{"n": 1}, {"n": 2}]),
        (("CSV", "n,m\n1,x\n", {"CSVHeaderLocation": "FIRST_ROW"}), [{"n": "1", "m": "x"}]),
        (("JSON", "[1, 2, 3]", {"MaxItems": "{% 2 %}"}), [1, 2]),
    ],
)
def test_items_are_read_from_where_an_expression_says(
    machines: Machines, put: Any, dataset: tuple[str, str, dict[str, Any]], items: list[Any]
) -> None:
    kind, text, config = dataset
    where = put("items", text)
    arguments = {"Bucket": "{% $states.input.Bucket %}", "Key": "{% $states.input.Key %}"}
    state = distributed(ECHO, ItemReader=reader(kind, arguments, **config), MaxConcurrency="{% 1 + 1 %}")
    ended = machines.once({"Each": state}, EVERYTHING, data=where)
    assert json.loads(ended["output"]) == items, ended


def test_reading_needs_the_object_and_running_needs_the_machine(machines: Machines, put: Any) -> None:
    where = put("items", "[1]")
    state = distributed(ECHO, ItemReader=reader("JSON", where))
    read = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{where['Bucket']}/items"}
    blind = machines.once({"Each": state})
    assert blind["error"] == "States.ItemReaderFailed"
    assert "s3:GetObject" in blind["cause"]
    idle = machines.once({"Each": state}, read)
    assert idle["error"] == "States.Permissions"
    assert "states:StartExecution" in idle["cause"]
    itself = {"Action": "states:StartExecution", "Resource": "arn:aws:states:*:*:stateMachine:machine-*"}
    children = {"Action": "states:DescribeExecution", "Resource": "arn:aws:states:*:*:execution:machine-*"}
    assert machines.once({"Each": state}, read, itself, children)["status"] == "SUCCEEDED"


def test_a_missing_or_malformed_dataset_fails_the_map(machines: Machines, put: Any) -> None:
    where = put("items", "{not json")
    broken = machines.once({"Each": distributed(ECHO, ItemReader=reader("JSON", where))}, EVERYTHING)
    assert broken["error"] == "States.ItemReaderFailed"
    assert [event["type"] for event in machines.events(broken)][1:-1] == ["MapStateEntered", "MapStateFailed"]
    state = distributed(ECHO, ItemReader=reader("JSON", {**where, "Key": "nothing"}))
    assert machines.once({"Each": state}, EVERYTHING)["error"] == "States.ItemReaderFailed"


def test_children_are_executions_with_a_history(machines: Machines, put: Any) -> None:
    state = distributed(
        {"Double": {"Type": "Pass", "Output": "{% $states.input.n * 2 %}", "End": True}},
        ItemReader=reader("JSON", put("items", "[1, 2]")),
        ItemSelector={"n": "{% $states.context.Map.Item.Value %}"},
        Label="Doubling",
    )
    ended = machines.once({"Each": state}, EVERYTHING)
    assert json.loads(ended["output"]) == [2, 4]
    kinds = [event["type"] for event in machines.events(ended)]
    assert kinds[1:-1] == ["MapStateEntered", "MapStateStarted", "MapRunStarted", "MapRunSucceeded", "MapStateExited"]
    run = machines.sfn.list_map_runs(executionArn=ended["executionArn"])["mapRuns"][0]["mapRunArn"]
    children = machines.sfn.list_executions(mapRunArn=run)["executions"]
    assert len(children) == 2
    assert "/Doubling:" in children[0]["executionArn"]
    assert [event["type"] for event in machines.events(children[0])] == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    assert machines.sfn.describe_map_run(mapRunArn=run)["itemCounts"]["succeeded"] == 2
    inside = inside_maps(machines.sfn, ended["executionArn"])
    assert (list(inside), len(inside["Double"])) == (["Double"], 2), "each visit counts"


def test_the_first_intolerable_failure_stops_the_run(machines: Machines, put: Any) -> None:
    inner = {
        "IsBad": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input = 0 %}", "Next": "Bad"}],
            "Default": "Good",
        },
        "Bad": {"Type": "Fail", "Error": "Bad"},
        "Good": {"Type": "Succeed"},
    }
    reading = reader("JSON", put("items", json.dumps([0, *range(1, 50)])))
    state = distributed(inner, ItemReader=reading, MaxConcurrency=1)
    ended = machines.once({"Each": state}, EVERYTHING)
    assert ended["error"] == "States.ExceedToleratedFailureThreshold"
    run = machines.sfn.list_map_runs(executionArn=ended["executionArn"])["mapRuns"][0]["mapRunArn"]
    counts = machines.sfn.describe_map_run(mapRunArn=run)["itemCounts"]
    assert counts["failed"] == 1
    assert counts["succeeded"] < 10
    tolerant = machines.once({"Each": {**state, "ToleratedFailureCount": 1}}, EVERYTHING)
    assert tolerant["status"] == "SUCCEEDED"


def test_items_come_in_batches(machines: Machines, put: Any) -> None:
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"shared": "{% 1 + 1 %}"}}
    state = distributed(ECHO, ItemReader=reader("JSON", put("items", "[1, 2, 3]")), ItemBatcher=batcher)
    ended = machines.once({"Each": state}, EVERYTHING)
    assert json.loads(ended["output"]) == [
        {"BatchInput": {"shared": 2}, "Items": [1, 2]},
        {"BatchInput": {"shared": 2}, "Items": [3]},
    ]


def test_results_are_written_with_the_roles_consent(machines: Machines, put: Any, client: Clients) -> None:
    where = put("items", "[1, 2]")
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Arguments": {"Bucket": where["Bucket"], "Prefix": "results"},
    }
    state = distributed(ECHO, ItemReader=reader("JSON", where), ResultWriter=writer)
    refusal = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}
    assert machines.once({"Each": state}, EVERYTHING, refusal)["error"] == "States.ResultWriterFailed"
    output = json.loads(machines.once({"Each": state}, EVERYTHING)["output"])
    manifest = json.load(client("s3").get_object(**output["ResultWriterDetails"])["Body"])
    written = client("s3").get_object(Bucket=where["Bucket"], Key=manifest["ResultFiles"]["SUCCEEDED"][0]["Key"])
    assert sorted(child["Output"] for child in json.load(written["Body"])) == ["1", "2"]


def test_children_do_not_see_outer_variables(machines: Machines, put: Any) -> None:
    inner = [{"Type": "Pass", "Output": "{% $x %}"}]
    state = distributed(inner, ItemReader=reader("JSON", put("items", "[1]")))
    assign = {"Type": "Pass", "Assign": {"x": 1}, "Next": "Each"}
    ended = machines.once({"Assign": assign, "Each": state}, EVERYTHING)
    assert ended["error"] == "States.ExceedToleratedFailureThreshold"


def test_a_redriven_map_run_repeats_only_what_failed(machines: Machines, put: Any) -> None:
    where = put("items", "[1, 2]")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:headObject",
        "Arguments": {"Bucket": where["Bucket"], "Key": "{% 'flag' & $string($states.input) %}"},
        "Output": "{% $states.input %}",
    }
    put("flag1", "here")
    state = distributed([task], ItemReader=reader("JSON", where), ToleratedFailureCount=0, MaxConcurrency=1)
    machine = machines.make({"Each": state}, EVERYTHING)
    failed = machines.run(machine)
    assert failed["status"] == "FAILED", failed
    put("flag2", "here")
    machines.sfn.redrive_execution(executionArn=failed["executionArn"])
    ended = wait_for_end(machines.sfn, failed["executionArn"], 10)
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", [1, 2])
    assert ended["redriveCount"] == 1
    run = machines.sfn.list_map_runs(executionArn=ended["executionArn"])["mapRuns"]
    assert len(run) == 1


@pytest.fixture
def aborted(machines: Machines, put: Any) -> Callable[..., tuple[str, str]]:
    """Stop a machine while the second of two items is at work; return the execution's ARN and the Map Run's."""
    states = {
        "IsLong": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input = 2 %}", "Next": "Sleep"}],
            "Default": "Done",
        },
        "Sleep": {"Type": "Wait", "Seconds": 1, "Next": "Done"},
        "Done": {"Type": "Succeed"},
    }
    state = distributed(states, ItemReader=reader("JSON", put("items", "[1, 2]")), Label="Each")

    def abort(*statements: dict[str, Any]) -> tuple[str, str]:
        machine = machines.make({"Each": state}, *statements)
        execution = machines.sfn.start_execution(stateMachineArn=machine)["executionArn"]
        run = until(lambda: machines.sfn.list_map_runs(executionArn=execution)["mapRuns"])[0]["mapRunArn"]
        until(lambda: machines.sfn.describe_map_run(mapRunArn=run)["itemCounts"]["succeeded"])
        machines.sfn.stop_execution(executionArn=execution)
        until(lambda: machines.sfn.describe_map_run(mapRunArn=run)["status"] == "ABORTED")
        return execution, run

    return abort


def test_a_redriven_map_run_goes_on_with_what_was_aborted(machines: Machines, aborted: Any) -> None:
    execution, run = aborted(EVERYTHING)
    machines.sfn.redrive_execution(executionArn=execution)
    assert wait_for_end(machines.sfn, execution, 10)["status"] == "SUCCEEDED"
    found = machines.sfn.describe_map_run(mapRunArn=run)
    assert (found["status"], found["redriveCount"], found["itemCounts"]["succeeded"]) == ("SUCCEEDED", 1, 2)
    assert len(machines.sfn.list_map_runs(executionArn=execution)["mapRuns"]) == 1


def test_redriving_a_map_run_needs_a_permission_on_its_children(machines: Machines, aborted: Any) -> None:
    allowed = [{"Action": f"states:{action}Execution", "Resource": "*"} for action in ("Describe", "Start", "Stop")]
    execution, _ = aborted({"Action": "s3:*", "Resource": "*"}, *allowed)
    machines.sfn.redrive_execution(executionArn=execution)
    ended = wait_for_end(machines.sfn, execution, 10)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Permissions")
    assert "states:RedriveExecution on resource: arn:aws:states:us-east-1:000000000000:execution:" in ended["cause"]
    assert "/Each:" in ended["cause"]
