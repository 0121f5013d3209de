"""Every row of the guide leads somewhere: its file is there, and so is what its command runs."""

import re

import pytest

from scripts.docs.pages import ROOT

GUIDE = ROOT / "docs" / "guide.md"
ROWS = re.findall(r"^\| .*\[.+?\]\((.+?)\) \| (.+) \|$", GUIDE.read_text(), re.MULTILINE)
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


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


def test_every_row_was_read() -> None:
    lines = [line for line in GUIDE.read_text().splitlines() if line.startswith("| ")]
    headers = 2 * sum(line.startswith("| ---") for line in lines)
    assert len(ROWS) == len(lines) - headers
