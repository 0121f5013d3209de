"""The engine and the applied environments, shared by every test that needs them and prepared while others run.

`make test` runs two processes (pytest-xdist): what needs an applied environment stays together in one of them.
"""

import os
from collections.abc import Collection
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from scripts import build_image
from scripts.local_engine import Engine
from tests.support.applied import APPLIED, FIFO, NETWORK, OF_TESTS, PLANNED, Applied, apply, link_sources, plan
from tests.support.ports import free_port
from tests.support.report import Report

APPLYING = pytest.StashKey["Applying"]()
NAMES = pytest.StashKey[set[str]]()
# Where the tests are that need an applied environment.
TOGETHER = (
    "tests/e2e/",
    "tests/policy/test_checkov.py::test_the_applied",
    "tests/policy/test_encryption.py",
    "tests/policy/test_iam_",
    "tests/policy/test_network.py",
    "tests/terraform/test_applied_environments.py",
)
REPORT = pytest.StashKey[Report]()


class Applying:
    """An engine onto which environments are being applied, side by side: the provider's waits dominate."""

    def __init__(self, directory: Path, names: Collection[str]) -> None:
        os.environ["ENGINE_TIME_ALARM_SCALE"] = "0.0167"  # an alarm's minute takes a second
        self._stack = ExitStack()
        engine = Engine(free_port(), directory / "engine")
        build_image.provide(engine.url)
        self.engine = self._stack.enter_context(engine)
        # A process that pytest-xdist started has threads, and a fork of it might wait for one of them for ever.
        self._pool = ProcessPoolExecutor(len(names), get_context("spawn"))
        workspace = directory / "workspace"
        link_sources(workspace)
        self.futures: dict[str, Future[Any]] = {
            name: self._pool.submit(plan if name in PLANNED else apply, name, self.engine.url, workspace)
            for name in names
        }

    def stop(self) -> None:
        """End what still runs, then the engine."""
        self._pool.shutdown(cancel_futures=True)
        self._stack.close()


class Scheduling(LoadScopeScheduling):
    """Gives processes one test after another, but all that needs an applied environment to one of them.

    The groups of xdist 3.8 (`--dist loadgroup`) do nothing with pytest 9.2, which no longer lets tests be renamed.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "applied" if nodeid.startswith(TOGETHER) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """Keep together what belongs together, whatever `--dist` says."""
    return Scheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Bring tests into an order: the proofs at the end of what they prove.

    In a process of their own, tests that need an applied environment come first; where there is only one, all others
    run while it is applied. Raises UsageError for a test that would be applied for in a second process.
    """
    alone = not hasattr(config, "workerinput")
    if astray := [item.nodeid for item in items if needs_applying(item) and not item.nodeid.startswith(TOGETHER)]:
        raise pytest.UsageError(f"add to TOGETHER in tests/conftest.py: {astray}")

    def order(item: pytest.Item) -> tuple[bool, bool]:
        return item.get_closest_marker("last") is not None, needs_applying(item) is alone

    items.sort(key=order)


def needs_applying(item: pytest.Item) -> bool:
    """Return whether a test needs an environment that is applied."""
    return "applying" in getattr(item, "fixturenames", ())


def pytest_collection_finish(session: pytest.Session) -> None:
    """Find out which environments the selected tests want; a process that is alone applies them meanwhile."""
    if session.config.option.collectonly:
        return
    wanted = {fixture for item in session.items for fixture in getattr(item, "fixturenames", ())}
    session.config.stash[NAMES] = {
        "local",
        *(APPLIED if "applied" in wanted else ()),
        *(PLANNED if "planned" in wanted else ()),
        *(OF_TESTS.keys() & wanted),
    }
    if "applying" in wanted and not hasattr(session.config, "workerinput"):
        begin(session.config)


def begin(config: pytest.Config) -> Applying:
    """Begin to apply what the selected tests want, once."""
    if APPLYING not in config.stash:
        directory = config._tmp_path_factory.mktemp("applied")  # noqa: SLF001 - the public way to it is a fixture, and none is there before the first test
        config.stash[APPLYING] = Applying(directory, config.stash[NAMES])
    return config.stash[APPLYING]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over the proofs' tables from the process that made them."""
    node.config.stash.setdefault(REPORT, Report()).texts += getattr(node, "workeroutput", {}).get("tables", [])


def pytest_terminal_summary(config: pytest.Config) -> None:
    """Print the proofs' tables."""
    config.stash.get(REPORT, Report()).print()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop what was started, however the session ended, and hand over the tables."""
    config = session.config
    if hasattr(config, "workerinput"):
        config.workeroutput["tables"] = config.stash.get(REPORT, Report()).texts
    if applying := config.stash.get(APPLYING, None):
        applying.stop()


@pytest.fixture(scope="session")
def applying(request: pytest.FixtureRequest) -> Applying:
    return begin(request.config)


@pytest.fixture(scope="session")
def applied(applying: Applying) -> dict[str, Applied]:
    """The environments that are applied."""
    return {name: applying.futures[name].result() for name in APPLIED}


@pytest.fixture(scope="session")
def planned(applying: Applying) -> dict[str, dict[str, Any]]:
    """The first plans of the other environments, as `terraform show -json` tells of them."""
    return {name: applying.futures[name].result() for name in PLANNED}


@pytest.fixture(scope="session")
def local(applying: Applying) -> Applied:
    """`environments/local`, applied: what the end-to-end tests drive."""
    return applying.futures["local"].result()


@pytest.fixture(scope="session")
def fifo(applying: Applying) -> Applied:
    """A queue processor on a FIFO queue, applied."""
    return applying.futures[FIFO].result()


@pytest.fixture(scope="session")
def network(applying: Applying) -> Applied:
    """A queue processor in a private network, applied."""
    return applying.futures[NETWORK].result()


@pytest.fixture(scope="session")
def report(request: pytest.FixtureRequest) -> Report:
    """Tables to print at the end of the run."""
    return request.config.stash.setdefault(REPORT, Report())
