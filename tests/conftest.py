"""The engine and the applied environments, shared by every test that needs them and prepared while others run."""

from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import pytest

from scripts.local_engine import Engine
from tests.support.applied import ACCOUNTS, Applied, apply, link_sources
from tests.support.ports import free_port

APPLYING = pytest.StashKey["Applying"]()


class Applying:
    """An engine onto which every environment is being applied, side by side: the provider's waits dominate."""

    def __init__(self, directory: Path) -> None:
        self.engine = Engine(free_port(), directory / "engine")
        self.engine.start()
        self._pool = ProcessPoolExecutor(len(ACCOUNTS))
        workspace = directory / "workspace"
        link_sources(workspace)
        self.futures: dict[str, Future[Applied]] = {
            name: self._pool.submit(apply, name, self.engine.url, workspace) for name in ACCOUNTS
        }

    def stop(self) -> None:
        """End what still runs, then the engine."""
        self._pool.shutdown(cancel_futures=True)
        self.engine.stop()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the applies before the first test, when any selected test wants them."""
    if session.config.option.collectonly:
        return
    if any("applying" in getattr(item, "fixturenames", ()) for item in session.items):
        directory = session.config._tmp_path_factory.mktemp("applied")  # noqa: SLF001 - fixtures come too late
        session.config.stash[APPLYING] = Applying(directory)


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
    return {name: future.result() for name, future in applying.futures.items()}


@pytest.fixture(scope="session")
def local(applying: Applying) -> Applied:
    """`environments/local`, applied: what the end-to-end tests drive."""
    return applying.futures["local"].result()
