"""Runs `terraform test` for each module: real plans and refused values, without credentials and without AWS."""

from pathlib import Path

import pytest

from scripts import terraform

HERE = Path(__file__).parent
FILES = sorted(path.name for path in HERE.glob("*.tftest.hcl"))


@pytest.fixture(scope="module", autouse=True)
def _initialised() -> None:
    done = terraform.run(HERE, "init", "-input=false", "-no-color", capture=True)
    assert not done.returncode, done.stderr


@pytest.mark.parametrize("file", FILES)
def test_module_plans_what_it_promises_and_refuses_what_it_must(file: str) -> None:
    done = terraform.run(HERE, "test", "-no-color", f"-filter={file}", capture=True)
    assert not done.returncode, done.stdout + done.stderr


def test_every_module_is_tested() -> None:
    modules = {path.parent.name for path in (HERE.parents[1] / "modules").rglob("variables.tf")}
    assert modules == {file.removesuffix(".tftest.hcl") for file in FILES}
