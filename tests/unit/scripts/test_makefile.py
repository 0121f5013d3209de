"""What make says on a machine that lacks something, and that its list of targets is whole."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.package import ROOT

MAKE = shutil.which("make") or "make"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What `make setup` needs of a fresh clone."""
    for folder in ("requirements", "scripts"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Makefile", tmp_path)
    return tmp_path


def make(directory: Path, *arguments: str, path: str = os.defpath) -> subprocess.CompletedProcess[str]:
    # Not as a part of the make that may run these tests.
    environment = {"PATH": path, "HOME": str(directory), "LC_ALL": "C"}
    command = [MAKE, "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


def test_another_python_is_refused_in_one_sentence(clone: Path) -> None:
    (clone / "python3.12").write_text("#!/bin/sh\nexit 1\n")
    (clone / "python3.12").chmod(0o755)
    refused = make(clone, "setup", f"PYTHON={clone / 'python3.12'}")
    assert refused.returncode
    assert refused.stderr.splitlines()[0].startswith("Python 3.13 is needed: ")


def test_a_missing_python_is_refused_in_one_sentence(clone: Path) -> None:
    refused = make(clone, "setup", path=str(clone))
    assert refused.returncode
    assert refused.stderr.splitlines()[0].startswith("Python 3.13 is needed: ")


def test_a_missing_terraform_is_refused_in_one_sentence(clone: Path) -> None:
    refused = make(clone, "demo", f"PYTHON={sys.executable}", path=str(clone))
    assert refused.returncode
    assert refused.stderr.splitlines()[0].startswith("Terraform >= 1.10 is needed, and there is no terraform on PATH")
    assert not (clone / ".venv").exists()


def test_an_unknown_environment_is_refused_in_one_sentence(clone: Path) -> None:
    for name in ("dev", "prod"):
        (clone / "environments" / name).mkdir(parents=True)
        (clone / "environments" / name / "main.tf").touch()
    for command in ("plan", "check-plan", "apply", "doctor"):
        refused = make(clone, command, "ENV=nope", f"PYTHON={sys.executable}")
        assert refused.returncode
        assert refused.stderr.splitlines()[0] == "There is no environment 'nope': use ENV= and one of dev prod."
        assert not (clone / ".venv").exists()


@pytest.mark.parametrize("target", ["down", "clean"])
def test_nothing_is_installed_to_be_removed(clone: Path, target: str) -> None:
    (clone / "build" / "engine").mkdir(parents=True)
    done = make(clone, target, f"PYTHON={sys.executable}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (clone / "build" / "engine").exists()
    assert not (clone / ".venv").exists()


def test_help_is_the_default_and_lists_every_target() -> None:
    told = make(ROOT).stdout
    listed = re.findall(r"^  make ([\w-]+) ", told, re.MULTILINE)
    assert len({re.search(r" [A-Z]", line).start() for line in told.splitlines()}) == 1, "in two columns"
    (phony,) = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(listed) == set(phony.split())


def test_recipes_are_short() -> None:
    recipes = re.findall(r"(?:^\t.*\n)+", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert max(recipe.count("\n") for recipe in recipes) <= 3
