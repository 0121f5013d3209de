"""Terraform applies, sees no drift, and destroys what the plain engine describes wrongly."""

import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts import terraform
from scripts.local_engine import Engine

SOURCE = Path(__file__).parent / "drift"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    shutil.copytree(SOURCE, tmp_path, dirs_exist_ok=True)
    with zipfile.ZipFile(tmp_path / "function.zip", "w") as package:
        package.writestr("function.py", "def handler(event, context): return None")
    return tmp_path


def test_a_second_plan_is_empty_and_everything_is_destroyed(
    engine: Engine, workspace: Path, name: str, client: Callable[[str], Any]
) -> None:
    environment = os.environ | terraform.environment() | {"AWS_ENDPOINT_URL": engine.url, "TF_VAR_name": name}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["terraform", *arguments, "-no-color", "-input=false"]
        return subprocess.run(command, cwd=workspace, env=environment, capture_output=True, text=True, check=False)

    for step in (["init"], ["apply", "-auto-approve"]):
        done = run(*step)
        assert done.returncode == 0, done.stdout + done.stderr
    secret = client("secretsmanager").get_secret_value(SecretId=f"{name}/link")["SecretString"]
    assert len(secret) == 64
    assert secret not in (workspace / "terraform.tfstate").read_text()
    planned = run("plan", "-detailed-exitcode")
    assert planned.returncode == 0, planned.stdout
    destroyed = run("apply", "-destroy", "-auto-approve")
    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr
    assert "65 destroyed" in destroyed.stdout
