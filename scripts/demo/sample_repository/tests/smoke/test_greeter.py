"""What is live greets people, and is what was pushed: the alias is invoked as everybody invokes it."""

import json
import os
from typing import Any

import boto3
import pytest

from greeter.domain.greeting import VERSION

FUNCTION = os.environ["TARGET_PREFIX"] + "greeter"


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    """Return what the function has to say to Ada."""
    called = boto3.client("lambda").invoke(
        FunctionName=f"{FUNCTION}:live", Payload=json.dumps({"name": "Ada"}).encode()
    )
    answered: dict[str, Any] = json.loads(called["Payload"].read())
    assert "FunctionError" not in called, answered
    return answered


def test_it_greets_by_name(answer: dict[str, Any]) -> None:
    assert "Ada" in answer["greeting"]


def test_it_is_what_was_pushed(answer: dict[str, Any]) -> None:
    assert answer["version"] == VERSION


def test_it_runs_on_what_the_layer_is_built_for() -> None:
    found = boto3.client("lambda").get_function_configuration(FunctionName=FUNCTION, Qualifier="live")
    assert (found["Runtime"], found["State"]) == ("python3.13", "Active")
