"""The browser of tests is the one that is installed, and who has none is told what to install."""

from pathlib import Path

import pytest

from tests.support.browser import NoBrowser, executable


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_the_installed_browser_is_found(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert executable(tmp_path) == str(tmp_path / name)


def test_chrome_of_macos_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chrome = tmp_path / "Google Chrome.app" / "Contents" / "MacOS" / "Google Chrome"
    chrome.parent.mkdir(parents=True)
    chrome.touch()
    monkeypatch.setenv("PATH", "")
    assert executable(tmp_path) == str(chrome)


def test_without_a_browser_one_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoBrowser, match=r"^The tests of pages need Chromium or Chrome: install one .*\.$"):
        executable(tmp_path)
