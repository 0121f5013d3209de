"""A real browser for tests: this machine's Chromium or Chrome, headless, always new, and kept from the network.

Playwright drives the browser that is installed; it never downloads its own.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC_NAMES = ("Google Chrome", "Chromium")
_FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--no-first-run",
    "--no-proxy-server",
]
_PHONE = (360, 640)
_PATIENCE = 120_000  # milliseconds


class NoBrowser(Exception):
    """There is no browser on this machine; the message says what to install."""


def executable(mac_applications: Path = Path("/Applications")) -> str:
    """Return the path of the browser that is installed. Raises `NoBrowser`."""
    on_path = (shutil.which(name) for name in _NAMES)
    on_mac = (mac_applications / f"{name}.app" / "Contents" / "MacOS" / name for name in _MAC_NAMES)
    for found in (*on_path, *(str(path) for path in on_mac if path.exists())):
        if found:
            return found
    raise NoBrowser("The tests of pages need Chromium or Chrome: install one (on Debian `apt-get install chromium`).")


@contextmanager
def browsing() -> Iterator[Browser]:
    """Run the browser with an empty profile of its own; it needs root's consent to run without its sandbox."""
    path = executable()
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=_FLAGS, chromium_sandbox=os.geteuid() != 0, timeout=_PATIENCE
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def phone(browser: Browser, size: tuple[int, int] = _PHONE) -> Iterator[tuple[Page, list[str]]]:
    """Open an empty page, as large as a phone and without JavaScript; and list what the browser complains about."""
    width, height = size
    context = browser.new_context(java_script_enabled=False, viewport={"width": width, "height": height})
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    page = context.new_page()
    page.on("console", note)
    try:
        yield page, complaints
    finally:
        context.close()
