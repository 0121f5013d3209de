"""Holds the lock files to what makes installs repeatable anywhere: exact versions, hashes, nobody's registry."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "requirements"
PIN = re.compile(r"^[a-z0-9-]+==[\w.!+]+( ; [^\\]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+$", re.MULTILINE)
WANTED = re.compile(r"^([a-z0-9-]+)(?:\[.*\])?(==.+)?$", re.MULTILINE)

each = pytest.mark.parametrize("name", ["benchmarks", "data", "dev", "layer", "lint"])


@each
def test_a_lock_file_holds_pins_with_hashes_and_nothing_else(name: str) -> None:
    assert PIN.sub("", (FOLDER / f"{name}.txt").read_text()).strip() == ""


@each
def test_what_is_asked_for_is_locked(name: str) -> None:
    locked = (FOLDER / f"{name}.txt").read_text()
    wanted = [f"{package}{pin}" for package, pin in WANTED.findall((FOLDER / f"{name}.in").read_text())]
    assert wanted
    assert not [pin for pin in wanted if not re.search(rf"^{re.escape(pin)}\b", locked, re.MULTILINE)]


def test_functions_run_with_what_was_tested() -> None:
    tested, shipped = (
        {pin[0] for pin in PIN.finditer((FOLDER / name).read_text())} for name in ("dev.txt", "layer.txt")
    )
    assert shipped <= tested


def test_the_demo_s_data_comes_alone() -> None:
    assert len(PIN.findall((FOLDER / "data.txt").read_text())) == 1
