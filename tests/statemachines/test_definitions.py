"""Holds every definition under statemachines/ against a validator of the language and against our own rules."""

import re
import tomllib
from pathlib import Path

import pytest
from statelint.config import Config
from statelint.linter import Linter
from statelint.problem import ProblemType

from scripts.asl.model import Machine, definitions, walk
from scripts.asl.rules import problems, recovering
from shared.faults import TransientFailure

HERE = Path(__file__).parent
DEFINITIONS = definitions(HERE.parent.parent / "statemachines")
COMPENSATIONS: dict[str, str] = tomllib.loads((HERE / "compensations.toml").read_text())
# statelint 3.1.0 knows neither a distributed Map's reader and label nor an expression for a number or a time,
# and it wants 2.0 where AWS takes 2.
FALSE_ALARMS = re.compile(
    r'Field "(InputType|Label|MaxItems|CSVDelimiter)" not allowed|(MaxConcurrency|Seconds|Timestamp) is "{%'
)
INTEGERS_FOR_FLOATS = Config(ignored_problem_types={ProblemType.FLOAT})
# What Lambda, Step Functions and our handlers (`shared/faults.py`) call a fault that may pass by itself.
PASSING = {
    "Lambda.AWSLambdaException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.SdkClientException",
    "Lambda.ServiceException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Sandbox.Timedout",
    "States.Timeout",
    TransientFailure.__name__,
}

each = pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.name)


def test_there_are_definitions() -> None:
    assert DEFINITIONS


@each
def test_the_language_allows_it(definition: Machine) -> None:
    alarms = [
        alarm for alarm in Linter.validate(definition.body, INTEGERS_FOR_FLOATS) if not FALSE_ALARMS.search(alarm)
    ]
    assert not alarms, "\n".join(alarms)


@each
def test_it_keeps_every_rule(definition: Machine) -> None:
    found = problems(definition, COMPENSATIONS)
    assert not found, "\n".join(found)


@each
def test_every_function_is_tried_again_after_every_fault_that_passes(definition: Machine) -> None:
    for state in walk(definition.body):
        if state.body.get("Resource") == "arn:aws:states:::lambda:invoke":
            retried = {error for retrier in state.body["Retry"] for error in retrier["ErrorEquals"]}
            assert retried >= PASSING, state.name


def test_every_compensation_is_needed_and_has_a_reason() -> None:
    needed = {place for definition in DEFINITIONS for place in recovering(definition)}
    assert set(COMPENSATIONS) <= needed
    assert all(len(reason.split()) > 3 for reason in COMPENSATIONS.values())
