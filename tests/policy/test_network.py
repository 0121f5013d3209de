"""A private network has an endpoint for whatever functions may call; who calls anything else says so."""

import json
import re
from pathlib import Path

import pytest

from scripts.deployment import ROOT
from tests.support.applied import Applied
from tests.support.privileges import as_list

PACKAGES = sorted(path for path in (ROOT / "lambda_src").iterdir() if (path / "adapters").is_dir())
# How code reaches what no endpoint of its region leads to: by HTTP of its own, or by a client of another region.
CALLS_OUT = re.compile(
    r"^(?:from|import) (?:http\.client|shared\.posting|socket|ssl|urllib\.request)\b|\bregion=", re.MULTILINE
)
ENDPOINTS = (ROOT / "modules" / "private_network" / "endpoints.tf").read_text()
# What functions are granted and do not call from where they run, each with the reason.
NOT_CALLED = {
    "iam": "whether a role may be passed is asked by the service that gets it",
    "logs": "Lambda writes a function's logs over a network of its own",
}


def listed(name: str) -> set[str]:
    """Return the services of a list in endpoints.tf."""
    found = re.search(rf"^  {name} += .*?\[(.*?)\]", ENDPOINTS, re.MULTILINE | re.DOTALL)
    assert found
    return set(re.findall(r'"([\w-]+)"', found[1]))


def test_endpoints_are_those_of_the_services_that_functions_call(local: Applied) -> None:
    roles = {function["values"]["role"].rpartition("/")[2] for function in local.resources("aws_lambda_function")}
    policies = [each["values"] for each in local.resources("aws_iam_role_policy") if each["values"]["role"] in roles]
    called = {
        action.partition(":")[0]
        for policy in policies
        for statement in json.loads(policy["policy"])["Statement"]
        if statement["Effect"] == "Allow"
        for action in as_list(statement["Action"])
    }
    assert called - NOT_CALLED.keys() == listed("services") | listed("gateways")
    assert called > NOT_CALLED.keys()


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_whoever_calls_the_internet_says_so(package: Path) -> None:
    calls_out = any(CALLS_OUT.search(path.read_text()) for path in (package / "adapters").rglob("*.py"))
    wired = [path.read_text() for path in (ROOT / "modules").rglob("*.tf")]
    using = [text for text in wired if re.search(rf'^ +package += "{package.name}"$', text, re.MULTILINE)]
    assert using
    assert any(re.search(r"^ +calls_internet += ", text, re.MULTILINE) for text in using) is calls_out
