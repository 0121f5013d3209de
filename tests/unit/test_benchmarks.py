"""The benchmarks' page says what the benchmarks' code says, and nothing about whose machine it was."""

import platform

import pytest

from tests.benchmarks import cold_start, etl_throughput, volume_cleanup, workbench

PAGE = (workbench.ROOT / "docs" / "benchmarks.md").read_text()


def test_the_machine_is_described_without_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "node", lambda: "whose-laptop")
    assert "whose-laptop" not in workbench.machine()
    assert workbench.machine().endswith(f" cores, Python {platform.python_version()}")


def test_the_page_was_measured_with_the_defaults() -> None:
    assert f"disturbed of {cold_start.ROUNDS} rounds" in PAGE
    assert f"{etl_throughput.ROWS:,} rows of nine columns" in PAGE
    assert f"{volume_cleanup.VOLUMES:,} unattached volumes" in PAGE
