"""Every row of the guide leads somewhere: its file is there, and so is what its command runs."""

import re
from pathlib import Path

import pytest

from scripts.docs.pages import ROOT
from scripts.lab.catalogue import VARIANTS

GUIDE = ROOT / "docs" / "guide.md"
ROWS = re.findall(r"^\| .*\[.+?\]\((.+?)\) \| (.+) \|$", GUIDE.read_text(), re.MULTILINE)
CHOSEN = [command for _, command in ROWS if " -k " in command]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize(("place", "command"), ROWS, ids=[place for place, _ in ROWS])
def test_a_row_names_what_there_is(place: str, command: str) -> None:
    assert (GUIDE.parent / place).exists()
    tool, *words = re.findall(r"`(.+?)`", command)[0].split()
    paths = [word for word in words if "/" in word]
    assert all((ROOT / path).exists() for path in paths)
    if tool == "make":
        assert words[0] in TARGETS
    elif "-m" in words:
        module = ROOT / words[1].replace(".", "/")
        assert module.is_dir() or module.with_suffix(".py").is_file()
    else:
        assert paths
    for workflow in re.findall(r"WORKFLOW=(\w+)", command):
        assert (ROOT / "scripts" / "demo" / f"{workflow}.py").exists()
    for fault in re.findall(r"FAULT=(\d+)", command):
        assert int(fault) in {variant.fault for variant in VARIANTS}


@pytest.mark.parametrize("command", CHOSEN)
def test_a_row_chooses_tests_that_there_are(command: str) -> None:
    [(path, choice)] = re.findall(r"`pytest (\S+) -k (\w+)`", command)
    files = [ROOT / path] if path.endswith(".py") else [*(ROOT / path).rglob("*.tftest.hcl")]
    names = [file.name for file in files] + re.findall(r"def (test_\w+)", "".join(map(Path.read_text, files)))
    assert any(choice in name for name in names)


def test_every_row_was_read() -> None:
    lines = [line for line in GUIDE.read_text().splitlines() if line.startswith("| ")]
    headers = 2 * sum(line.startswith("| ---") for line in lines)
    assert len(ROWS) == len(lines) - headers
