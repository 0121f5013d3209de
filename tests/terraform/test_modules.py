"""Runs `terraform test` for each module: real plans and refused values, without credentials and without AWS."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts import terraform

HERE = Path(__file__).parent
FILES = sorted(path.name for path in HERE.glob("*.tftest.hcl"))


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What one run over all files reported, as https://developer.hashicorp.com/terraform/internals/machine-readable-ui."""
    own = {"TF_DATA_DIR": str(tmp_path_factory.mktemp("terraform"))}  # another process may be running the same
    done = terraform.run(HERE, "init", "-input=false", "-no-color", env=own, capture=True)
    assert not done.returncode, done.stderr
    done = terraform.run(HERE, "test", "-json", env=own, capture=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("file", FILES)
def test_module_plans_what_it_promises_and_refuses_what_it_must(file: str, messages: list[dict[str, Any]]) -> None:
    about = [message for message in messages if message.get("@testfile", file) == file]
    complaints = [message["@message"] for message in about if message["@level"] == "error"]
    assert not complaints, "\n".join(complaints)
    finished = [message["test_file"] for message in about if message["type"] == "test_file"]
    assert [each["status"] for each in finished if each["progress"] == "complete"] == ["pass"]


def test_every_module_is_tested() -> None:
    modules = {path.parent.name for path in (HERE.parents[1] / "modules").rglob("variables.tf")}
    assert modules == {file.removesuffix(".tftest.hcl") for file in FILES}
