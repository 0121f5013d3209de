"""The engine and the applied environments, shared by every test that needs them and prepared while others run."""

import os
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from scripts.local_engine import Engine
from tests.support.applied import ACCOUNTS, FIFO, Applied, apply, link_sources
from tests.support.ports import free_port
from tests.support.report import Report

APPLYING = pytest.StashKey["Applying"]()
REPORT = pytest.StashKey[Report]()


class Applying:
    """An engine onto which environments are being applied, side by side: the provider's waits dominate."""

    def __init__(self, directory: Path, names: list[str]) -> None:
        os.environ["ENGINE_TIME_ALARM_SCALE"] = "0.0167"  # an alarm's minute takes a second
        self._stack = ExitStack()
        self.engine = self._stack.enter_context(Engine(free_port(), directory / "engine"))
        self._pool = ProcessPoolExecutor(len(names))
        workspace = directory / "workspace"
        link_sources(workspace)
        self.futures: dict[str, Future[Applied]] = {
            name: self._pool.submit(apply, name, self.engine.url, workspace) for name in names
        }

    def stop(self) -> None:
        """End what still runs, then the engine."""
        self._pool.shutdown(cancel_futures=True)
        self._stack.close()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the applies before the first test, when any selected test wants them."""
    if session.config.option.collectonly:
        return
    wanted = {fixture for item in session.items for fixture in getattr(item, "fixturenames", ())}
    if "applying" in wanted:
        names = [*(ACCOUNTS if "applied" in wanted else ["local"]), *([FIFO] if FIFO in wanted else [])]
        directory = session.config._tmp_path_factory.mktemp("applied")  # noqa: SLF001 - fixtures come too late
        session.config.stash[APPLYING] = Applying(directory, names)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what needs no applied environment first, while they are being applied, and the proofs at the end."""

    def order(item: pytest.Item) -> tuple[bool, bool]:
        return item.get_closest_marker("last") is not None, "applying" in getattr(item, "fixturenames", ())

    items.sort(key=order)


def pytest_terminal_summary(config: pytest.Config) -> None:
    """Print the proofs' tables."""
    config.stash.get(REPORT, Report()).print()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop what `pytest_collection_finish` started, however the session ended."""
    if applying := session.config.stash.get(APPLYING, None):
        applying.stop()


@pytest.fixture(scope="session")
def applying(request: pytest.FixtureRequest) -> Applying:
    return request.config.stash[APPLYING]


@pytest.fixture(scope="session")
def applied(applying: Applying) -> dict[str, Applied]:
    """Every environment, applied."""
    return {name: applying.futures[name].result() for name in ACCOUNTS}


@pytest.fixture(scope="session")
def local(applying: Applying) -> Applied:
    """`environments/local`, applied: what the end-to-end tests drive."""
    return applying.futures["local"].result()


@pytest.fixture(scope="session")
def fifo(applying: Applying) -> Applied:
    """A queue processor on a FIFO queue, applied."""
    return applying.futures[FIFO].result()


@pytest.fixture(scope="session")
def report(request: pytest.FixtureRequest) -> Report:
    """Tables to print at the end of the run."""
    return request.config.stash.setdefault(REPORT, Report())
