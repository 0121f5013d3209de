"""What the benchmarks share: an engine with the workflow's bucket and tables, and processes in place of functions."""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.local_engine import Engine
from shared.clients import client
from tests.support.ports import free_port
from tests.unit.etl_pipeline.pipeline import ENVIRONMENT, Pipeline

ROOT = Path(__file__).resolve().parents[2]
EVENT = ROOT / "tests" / "events" / "s3_object_created.json"
FUNCTION_PROCESS = Path(__file__).with_name("function_process.py")


class Workbench:
    """A running engine, and the unpacked zips that functions run from."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self.environment = environment
        self.paths = [str(directory / "code"), str(directory / "layer" / "python")]
        self.pipeline = Pipeline(json.loads(EVENT.read_text()))

    def call(self, program: str, *events: Any, tools: tuple[str, ...] = (), **environment: str) -> dict[str, Any]:
        """Run `module.function` in a fresh process, once per event; return what `function_process.py` measured.

        `tools` are folders to import from besides the zips, for comparisons.
        """
        order = {"paths": [*self.paths, *tools], "program": program, "events": events}
        run = subprocess.run(
            [sys.executable, "-I", "-S", FUNCTION_PROCESS],
            input=json.dumps(order),
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=1800,
        )
        measured: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
        return measured

    def handle(self, function: str, *events: Any) -> dict[str, Any]:
        """Run a function's handler in a fresh process, once per event."""
        return self.call(f"etl_pipeline.handlers.{function}.handler", *events)


@contextmanager
def workbench(**settings: str) -> Iterator[Workbench]:
    """Start an engine, create what the workflow needs, unpack what `make package` built; clean up afterwards."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        for name, to in (("etl_pipeline", "code"), (f"layer_{_architecture()}", "layer")):
            zipfile.ZipFile(ROOT / "build" / f"{name}.zip").extractall(directory / to)
        with Engine(free_port(), directory / "engine") as engine:
            environment = ENVIRONMENT | {"AWS_ENDPOINT_URL": engine.url, "AWS_ACCESS_KEY_ID": "000000000000"} | settings
            os.environ.update(environment)
            client.cache_clear()  # those of the engine before this one lead nowhere
            bench = Workbench(directory, environment)
            bench.pipeline.create()
            yield bench


def machine() -> str:
    """Return what the numbers were measured on: processor, architecture, cores and Python, but not whose it is."""
    info = Path("/proc/cpuinfo")  # Linux; platform.processor() knows little there
    found = re.search(r"^model name\s*: (.+)$", info.read_text() if info.exists() else "", re.MULTILINE)
    processor = found[1] if found else platform.processor()
    return f"{processor}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Render a Markdown table whose first column is text and whose others are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _architecture() -> str:
    return "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
