"""Keeps generated documentation equal to what it is generated from."""

from pathlib import Path

from scripts.docs.pages import ROOT, pages


def test_generated_pages_are_fresh() -> None:
    stale = [path.relative_to(ROOT) for path, text in pages().items() if not path.is_file() or path.read_text() != text]
    assert not stale, f"run `make docs` and commit: {', '.join(map(str, stale))}"


def test_nothing_is_left_of_removed_definitions() -> None:
    assert set(Path(ROOT, "docs", "statemachines").glob("*.md")) <= set(pages())
