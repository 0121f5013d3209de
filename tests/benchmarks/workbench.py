"""What the benchmarks share: an engine with what a workflow needs, and processes in place of its functions."""

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
from tests.unit.etl_pipeline import pipeline
from tests.unit.etl_pipeline.pipeline import Pipeline
from tests.unit.queue_processor import workflow
from tests.unit.queue_processor.workflow import Workflow
from tests.unit.volume_cleanup import workflow as cleanup

ROOT = Path(__file__).resolve().parents[2]
FUNCTION_PROCESS = Path(__file__).with_name("function_process.py")


class Workbench:
    """A running engine, and the unpacked zips that the functions of one workflow run from."""

    package: str
    defaults: dict[str, str]

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self.environment = environment
        self.paths = [str(directory / "code"), str(directory / "layer" / "python")]

    def create(self) -> None:
        """Create what the workflow needs."""
        raise NotImplementedError

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
        return self.call(f"{self.package}.handlers.{function}.handler", *events)


class EtlBench(Workbench):
    """The ETL workflow's bucket and tables."""

    package = "etl_pipeline"
    defaults = pipeline.ENVIRONMENT

    def create(self) -> None:
        self.pipeline = Pipeline(_event("s3_object_created"))
        self.pipeline.create()


class QueueBench(Workbench):
    """The queue workflow's queues and tables."""

    package = "queue_processor"
    defaults = workflow.ENVIRONMENT

    def create(self) -> None:
        self.workflow = Workflow(_event("sqs_messages"), _event("dynamodb_stream_records"))
        self.environment |= self.workflow.create()


class CleanupBench(Workbench):
    """The volume clean-up's bucket, ledger, settings and topic."""

    package = "volume_cleanup"
    defaults = cleanup.ENVIRONMENT

    def create(self) -> None:
        client("s3").create_bucket(Bucket=self.environment["BUCKET"])
        client("sns").create_topic(Name=self.environment["TOPIC_ARN"].rpartition(":")[2])
        keys = {"run_id": "HASH", "resource_id": "RANGE"}
        client("dynamodb").create_table(
            TableName=self.environment["LEDGER_TABLE"],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
            BillingMode="PAY_PER_REQUEST",
        )

    def agree(self, **changes: Any) -> None:
        """Set the rules."""
        rules = json.dumps(cleanup.RULES | changes)
        client("ssm").put_parameter(Name=cleanup.PARAMETER, Value=rules, Type="String", Overwrite=True)

    def read(self, key: str) -> Any:
        """Return a JSON document of the bucket."""
        return json.load(client("s3").get_object(Bucket=self.environment["BUCKET"], Key=key)["Body"])


@contextmanager
def workbench[Bench: Workbench](kind: type[Bench], **settings: str) -> Iterator[Bench]:
    """Start an engine, create what the workflow needs, unpack what `make package` built; clean up afterwards."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        for name, to in ((kind.package, "code"), (f"layer_{_architecture()}", "layer")):
            zipfile.ZipFile(ROOT / "build" / f"{name}.zip").extractall(directory / to)
        with Engine(free_port(), directory / "engine") as engine:
            environment = (
                kind.defaults | {"AWS_ENDPOINT_URL": engine.url, "AWS_ACCESS_KEY_ID": "000000000000"} | settings
            )
            os.environ.update(environment)
            client.cache_clear()  # those of the engine before this one lead nowhere
            bench = kind(directory, environment)
            bench.create()
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


def _event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "tests" / "events" / f"{name}.json").read_text())
    return event


def _architecture() -> str:
    return "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
