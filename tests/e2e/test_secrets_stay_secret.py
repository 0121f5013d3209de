"""After all other tests: no secret stands in what Terraform plans and keeps, in an environment variable or in a log."""

import re
from typing import Any

import pytest

from scripts.local_engine import Engine
from tests.support.applied import Applied
from tests.support.secrets import Search, kept, log_pages

# A machine's log holds what its tasks are given, their tokens among it. One answers a task only for who is allowed to
# by IAM (states:SendTaskSuccess), which the log's readers are not.
MACHINES = "/aws/vendedlogs/states/"
TASK_TOKEN = re.compile(r'\\*"task_token\\*":\s?\\*"[A-Za-z0-9+/=_-]*\\*"')

pytestmark = pytest.mark.last


@pytest.fixture(scope="module")
def search(engine: Engine, local: Applied) -> Search:
    assert engine.pid()
    values = set(kept(local.deployment.client("secretsmanager")))
    assert values, "or nothing would be looked for"
    return Search(values)


def test_no_plan_and_no_state_holds_a_secret(search: Search, local: Applied) -> None:
    documents = {"the plan": local.plan, "the state": local.state, "the second plan": local.second_plan}
    assert not {found for name, document in documents.items() for found in search.document(name, document)}


def test_no_plan_of_a_deployed_environment_holds_one(
    search: Search, applied: dict[str, Applied], planned: dict[str, dict[str, Any]]
) -> None:
    documents = {**planned, "prod": applied["prod"].plan, "the state of prod": applied["prod"].state}
    assert not {found for name, document in documents.items() for found in search.document(name, document)}


def test_no_function_s_environment_holds_a_secret(search: Search, local: Applied) -> None:
    pages = local.deployment.client("lambda").get_paginator("list_functions").paginate()
    functions = {each["FunctionName"]: each.get("Environment") for page in pages for each in page["Functions"]}
    assert any(functions.values())
    assert not {found for name, given in functions.items() for found in search.document(name, given)}


def test_no_log_holds_a_secret(search: Search, local: Applied) -> None:
    seen, found = 0, set()
    for group, messages in log_pages(local.deployment.client("logs")):
        seen += len(messages)
        found |= search.text(group, TASK_TOKEN.sub("", messages) if group.startswith(MACHINES) else messages)
    assert seen
    assert not found
