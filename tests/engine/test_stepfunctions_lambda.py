"""Step Functions: what functions do to a task has AWS's names."""

import json
from collections.abc import Callable
from typing import Any

from tests.engine.functions import Functions
from tests.support.machines import Machines

type Clients = Callable[[str], Any]
EVERYTHING = {"Action": "*", "Resource": "*"}


def invoke(function: str, **more: Any) -> dict[str, Any]:
    arguments = {"FunctionName": function, "Payload": {"n": "{% $states.input.n %}"}}
    return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": arguments, **more}


def test_a_throttled_function_has_an_error_of_its_own(
    machines: Machines, functions: Functions, client: Clients
) -> None:
    function = functions.make("def handler(event, context): return event")
    client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    throttled = invoke(function, Catch=[{"ErrorEquals": ["Lambda.TooManyRequestsException"], "Next": "B"}])
    assert machines.once([throttled, {"Type": "Succeed"}], EVERYTHING, data={"n": 1})["status"] == "SUCCEEDED"


def test_an_exception_is_named_by_its_class(machines: Machines, functions: Functions) -> None:
    function = functions.make("class Tired(Exception): pass\ndef handler(event, context): raise Tired('so tired')")
    failed = machines.once([invoke(function)], EVERYTHING, data={"n": 1})
    assert failed["error"] == "Tired"
    assert json.loads(failed["cause"])["errorMessage"] == "so tired"


def test_a_slow_function_is_given_up(machines: Machines, functions: Functions) -> None:
    function = functions.make("import time\ndef handler(event, context): time.sleep(3)")
    failed = machines.once([invoke(function, TimeoutSeconds=1)], EVERYTHING, data={"n": 1})
    assert failed["error"] == "States.Timeout"


def test_a_function_as_the_resource_has_events_of_its_own(
    machines: Machines, functions: Functions, client: Clients
) -> None:
    function = functions.make("def handler(event, context): return event['n'] + 1")
    arn = client("lambda").get_function_configuration(FunctionName=function)["FunctionArn"]
    ended = machines.once([{"Type": "Task", "Resource": arn}], EVERYTHING, data={"n": 1})
    assert ended["output"] == "2"
    kinds = [event["type"] for event in machines.events(ended) if event["type"].startswith("Lambda")]
    assert kinds == ["LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionSucceeded"]
