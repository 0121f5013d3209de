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
        shutil.copytree(ROOT / folder, tmp_path / folder)
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


def test_help_is_the_default_and_lists_every_target() -> None:
    listed = re.findall(r"^  make (\w+) ", make(ROOT).stdout, re.MULTILINE)
    (phony,) = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(listed) == set(phony.split())


def test_recipes_are_short() -> None:
    recipes = re.findall(r"(?:^\t.*\n)+", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert max(recipe.count("\n") for recipe in recipes) <= 3
