"""What is live is what was pushed: each handler is a function that is ready, and one that does no harm answers."""

import json
import os
from pathlib import Path

import boto3
import pytest

PREFIX = os.environ["TARGET_PREFIX"]
ROOT = Path(__file__).resolve().parents[2]
# Other packages than workflows' have no functions of their own name: `rotating_secret` is of several secrets.
WORKFLOWS = sorted(path.name for path in (ROOT / "modules" / "workflows").iterdir())
HANDLERS = sorted(
    f"{workflow}.handlers.{path.stem}.handler"
    for workflow in WORKFLOWS
    for path in (ROOT / "lambda_src" / workflow / "handlers").glob("*.py")
    if "def handler(" in path.read_text()
)


def test_there_are_handlers() -> None:
    assert "resource_tagging.handlers.measure_coverage.handler" in HANDLERS


@pytest.mark.parametrize("handler", HANDLERS)
def test_each_handler_is_a_function_that_is_ready(handler: str) -> None:
    workflow, _, name, _ = handler.replace("_", "-").split(".")
    found = boto3.client("lambda").get_function_configuration(
        FunctionName=f"{PREFIX}{workflow}-{name}", Qualifier="live"
    )
    assert (found["Handler"], found["State"], found["LastUpdateStatus"]) == (handler, "Active", "Successful")


def test_a_function_that_only_counts_answers() -> None:
    called = boto3.client("lambda").invoke(FunctionName=f"{PREFIX}resource-tagging-measure-coverage", Qualifier="live")
    answer = json.loads(called["Payload"].read())
    assert "FunctionError" not in called, answer
    assert answer["owned"] <= answer["seen"]
