"""The ETL pipeline's story: a real file is loaded while you watch, then a broken one fails, loudly."""

import json
import statistics
import time
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.deployment import Deployment
from scripts.executions import follow, inside_maps, started_by
from scripts.inbox import Inbox
from scripts.real_data import planes
from scripts.stage import StoryError

BROKEN = b"tail,age\nN10156,9\n"
DATASET = "planes"
RUN_SECONDS = 120


def tell(deployment: Deployment, console: Console) -> None:
    """Upload both files and print what became of them.

    Raises StoryError when a run ends as it should not or nobody is told, ExecutionTimeoutError when one does not end.
    """
    outputs = deployment.outputs["etl_pipeline"]
    console.rule("[bold]ETL pipeline: S3 → Step Functions → Lambda → DynamoDB → SNS")
    with Inbox(deployment, outputs["topic_arn"]) as inbox:
        content = planes().read_bytes()
        console.print(f"\n[bold]A real file[/]: {len(content):,} bytes of CSV that nobody here wrote")
        good = _run(deployment, console, "planes.csv", content, "SUCCEEDED")
        _print_counts(deployment, console, good)
        _print_notification(console, inbox, good)
        console.print("\n[bold]A broken file[/]: its columns are not the contract's")
        bad = _run(deployment, console, "broken.csv", BROKEN, "FAILED")
        console.print(f"[red]✗ {bad['status']}[/] {bad['error']}: {_message(bad['cause'])}")
        _print_notification(console, inbox, bad)
    _print_further(console, outputs, good["name"], bad["name"])


def _run(deployment: Deployment, console: Console, name: str, content: bytes, expected: str) -> dict[str, Any]:
    """Upload a file and show the states of the run that its event starts, as they end; return the execution.

    Raises StoryError unless its status is `expected`.
    """
    outputs, states = deployment.outputs["etl_pipeline"], deployment.client("stepfunctions")
    key = f"incoming/{DATASET}/{name}"
    began = time.monotonic()
    version = deployment.client("s3").put_object(Bucket=outputs["bucket"], Key=key, Body=content)["VersionId"]
    console.print(f"  uploaded s3://{outputs['bucket']}/{key}")
    execution_arn = started_by(states, outputs["state_machine_arn"], version, RUN_SECONDS)
    with console.status("running"):
        for visit in follow(states, execution_arn, RUN_SECONDS):
            if visit.seconds is not None:
                console.print(f"  [green]•[/] {visit.state:<16} {visit.seconds:6.2f} s")
    for state, seconds in inside_maps(states, execution_arn).items():
        spread = f"median of {len(seconds)}, {min(seconds):.2f} to {max(seconds):.2f} s"
        console.print(f"    {state:<16} {statistics.median(seconds):6.2f} s ({spread}, inside the Map)")
    execution: dict[str, Any] = states.describe_execution(executionArn=execution_arn)
    console.print(f"  {execution['status']} after {time.monotonic() - began:.1f} s, upload included")
    if execution["status"] != expected:
        why = f"{execution.get('error', 'no error')}: {_message(execution.get('cause', 'no cause'))}"
        raise StoryError(f"the run of {name} should be {expected}, and is {execution['status']} ({why})")
    return execution


def _print_counts(deployment: Deployment, console: Console, execution: dict[str, Any]) -> None:
    outputs = deployment.outputs["etl_pipeline"]
    report = _report(deployment, execution["name"], "run.json")
    items = deployment.client("dynamodb").scan(TableName=outputs["records_table"], Select="COUNT")["Count"]
    table = Table(show_header=False, box=None, padding=(0, 2))
    for what in ("read", "loaded", "rejected"):
        table.add_row(f"rows {what}", f"{report['rows'][what]:,}")
    table.add_row("items in DynamoDB", f"{items:,}")
    console.print(table)
    for reject in report["preview"][:3]:
        console.print(f"    rejected row {reject['row']}: {reject['column']} {reject['reason']}")


def _report(deployment: Deployment, run_id: str, name: str) -> dict[str, Any]:
    bucket = deployment.outputs["etl_pipeline"]["bucket"]
    key = f"reports/{DATASET}/{run_id}/{name}"
    report: dict[str, Any] = json.load(deployment.client("s3").get_object(Bucket=bucket, Key=key)["Body"])
    return report


def _print_notification(console: Console, inbox: Inbox, execution: dict[str, Any]) -> None:
    notification = inbox.wait_for(execution["name"])
    if notification is None:
        raise StoryError(f"nobody was notified of run {execution['name']}: see the machine's last states and its topic")
    console.print(f"  ✉ [bold]{notification.subject}[/]")
    for line in notification.message.splitlines():
        console.print(f"    {line}", markup=False)


def _message(cause: str) -> str:
    """Return the sentence in an execution's cause, which for a function's error is JSON."""
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return cause


def _print_further(console: Console, outputs: dict[str, Any], good: str, bad: str) -> None:
    console.print("\n[bold]Look further[/]")
    bucket = outputs["bucket"]
    for command in (
        f".venv/bin/python -m scripts.etl runs {DATASET}   # the run ledger",
        f".venv/bin/python -m scripts.etl redrive {bad}   # it fails again: the file is still broken",
        f".venv/bin/python -m scripts.etl report {good} rejects.csv   # every rejected row and why",
        "make demo   # once more, in seconds",
    ):
        console.print(f"  {command}", markup=False)
    console.print(f"  bucket {bucket}, table {outputs['records_table']}", markup=False)
