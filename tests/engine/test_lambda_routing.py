"""Lambda: an alias with weights shares its invocations among two versions."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.functions import Functions
from tests.engine.test_lambda_invoke import total
from tests.engine.waiting import until
from tests.support.machines import Machines

type Clients = Callable[[str], Any]
SOURCE = """
import os
def handler(event, context):
    if event == os.environ["NAME"]:
        raise ValueError(event)
    return [os.environ["NAME"], context.function_version, context.invoked_function_arn.rpartition(":")[2]]
"""
TIMES = 30  # with equal shares, the chance that one version serves them all is one in 500 million


@pytest.fixture(scope="session")
def awslambda(client: Clients) -> Any:
    return client("lambda")


@pytest.fixture
def function(functions: Functions, awslambda: Any) -> str:
    """A function with versions 1 and 2, called old and new, and the alias live of the first."""
    name = functions.make(SOURCE, variables={"NAME": "old"})
    functions.alias(name)
    awslambda.update_function_configuration(FunctionName=name, Environment={"Variables": {"NAME": "new"}})
    until(lambda: awslambda.get_function_configuration(FunctionName=name)["State"] == "Active")
    assert awslambda.publish_version(FunctionName=name)["Version"] == "2"
    return name


def shift(awslambda: Any, function: str, weight: float) -> None:
    weights = {"AdditionalVersionWeights": {"2": weight}}
    awslambda.update_alias(FunctionName=function, Name="live", RoutingConfig=weights)


def test_invocations_are_shared_by_weight(function: str, awslambda: Any, functions: Functions, client: Clients) -> None:
    shift(awslambda, function, 0.5)
    served = set()
    for _ in range(TIMES):
        answer = awslambda.invoke(FunctionName=function, Qualifier="live", Payload="{}")
        name, version, qualifier = json.loads(answer["Payload"].read())
        assert (answer["ExecutedVersion"], qualifier) == (version, "live")
        served.add((name, version))
    assert served == {("old", "1"), ("new", "2")}
    counts = [
        total(client, "Invocations", FunctionName=function, Resource=f"{function}:live", ExecutedVersion=version)
        for version in "12"
    ]
    assert (min(counts) > 0, sum(counts)) == (True, TIMES)
    assert total(client, "Invocations", FunctionName=function, Resource=f"{function}:live") == TIMES
    assert functions.invoke(function, {}, Qualifier="1")[0] == "old", "a version is always itself"


def test_the_whole_weight_and_none(function: str, awslambda: Any, functions: Functions) -> None:
    shift(awslambda, function, 1)
    assert {tuple(functions.invoke(function, {}, Qualifier="live")) for _ in range(5)} == {("new", "2", "live")}
    awslambda.update_alias(FunctionName=function, Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert {tuple(functions.invoke(function, {}, Qualifier="live")) for _ in range(5)} == {("old", "1", "live")}


def test_errors_are_those_of_the_version_that_ran(
    function: str, awslambda: Any, functions: Functions, client: Clients
) -> None:
    shift(awslambda, function, 1)
    functions.fails(function, Qualifier="live", Payload='"new"')
    of = {"FunctionName": function, "Resource": f"{function}:live"}
    assert total(client, "Errors", **of, ExecutedVersion="2") == 1
    assert total(client, "Errors", **of, ExecutedVersion="1") == 0


def test_state_machines_and_events_follow_the_weights(
    function: str, awslambda: Any, machines: Machines, client: Clients
) -> None:
    shift(awslambda, function, 1)
    alias = f"arn:aws:lambda:us-east-1:000000000000:function:{function}:live"
    arguments = {"FunctionName": alias, "Payload": {}}
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": arguments}
    ended = machines.once([task], {"Action": "lambda:InvokeFunction", "Resource": alias})
    assert json.loads(ended["output"])["Payload"] == ["new", "2", "live"]
    awslambda.invoke(FunctionName=function, Qualifier="live", InvocationType="Event", Payload="{}")
    of = {"FunctionName": function, "Resource": f"{function}:live"}
    until(lambda: total(client, "Invocations", **of, ExecutedVersion="2") == 2)


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({"$LATEST": 0.1}, "not supported"),
        ({"1": 0.1}, "two different versions"),
        ({"2": 1.5}, "from 0 to 1"),
        ({"3": 0.1}, "Function not found"),
    ],
)
def test_weights_that_are_refused(function: str, awslambda: Any, weights: dict[str, float], sentence: str) -> None:
    with pytest.raises(ClientError, match=sentence):
        awslambda.update_alias(FunctionName=function, Name="live", RoutingConfig={"AdditionalVersionWeights": weights})
    with pytest.raises(ClientError, match="not supported"):
        awslambda.create_alias(
            FunctionName=function, Name="other", FunctionVersion="$LATEST",
            RoutingConfig={"AdditionalVersionWeights": {"1": 0.5}},
        )  # fmt: skip


def test_both_versions_need_the_same_role(function: str, awslambda: Any, make_role: Any) -> None:
    awslambda.update_function_configuration(FunctionName=function, Role=make_role())
    until(lambda: awslambda.get_function_configuration(FunctionName=function)["State"] == "Active")
    version = awslambda.publish_version(FunctionName=function)["Version"]
    routing = {"AdditionalVersionWeights": {version: 0.5}}
    with pytest.raises(ClientError, match="same execution role"):
        awslambda.update_alias(FunctionName=function, Name="live", RoutingConfig=routing)
