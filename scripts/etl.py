"""The operator's view of the ETL pipeline: list its runs, read one's reports, redrive one that failed.

`python -m scripts.etl --env dev runs planes --status FAILED`; `… report <run id> rejects.csv`; `… redrive <run id>`
"""

import argparse
import json
import sys
import uuid
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from scripts.deployment import Deployment, NotDeployedError, load
from scripts.local_engine import EngineError
from scripts.terraform import TerraformError

COLUMNS = ("run_id", "status", "started_at", "rows_read", "rows_loaded", "rows_rejected", "error", "object_version")

WIDTH = 140  # a run's id is 36 characters; a narrower terminal wraps the lines


class RunError(Exception):
    """The run cannot be read or redriven; the message says why."""


def runs(deployment: Deployment, dataset: str, status: str | None = None, limit: int = 20) -> list[dict[str, str]]:
    """Return the latest runs of `dataset`, newest first, with the columns of COLUMNS as text.

    Raises ClientError when the ledger cannot be read.
    """
    table = deployment.outputs["etl_pipeline"]["runs_table"]
    pages = deployment.client("dynamodb").get_paginator("query")
    query: dict[str, Any] = {
        "TableName": table,
        "IndexName": "by_dataset",
        "KeyConditionExpression": "dataset = :dataset",
        "ExpressionAttributeValues": {":dataset": {"S": dataset}},
        "ScanIndexForward": False,
    }
    found: list[dict[str, str]] = []
    for page in pages.paginate(**query):
        for item in page["Items"]:
            run = {column: next(iter(item.get(column, {"S": ""}).values())) for column in COLUMNS}
            if status in (None, run["status"]):
                found.append(run)
            if len(found) == limit:
                return found
    return found


def report(deployment: Deployment, run_id: str, name: str) -> str:
    """Return one of a run's reports: run.json or rejects.csv. Raises RunError for an unknown run or report."""
    detail = json.loads(_execution(deployment, run_id)["input"])["detail"]
    dataset = detail["object"]["key"].split("/")[1]
    s3 = deployment.client("s3")
    try:
        found = s3.get_object(Bucket=detail["bucket"]["name"], Key=f"reports/{dataset}/{run_id}/{name}")
    except ClientError as error:
        raise RunError(f"run {run_id!r} has no report {name!r}: {error}") from None
    return str(found["Body"].read().decode())


def redrive(deployment: Deployment, run_id: str) -> str:
    """Start a failed run's upload again, from its original event; return the new execution's ARN.

    The pipeline claims each object version in its ledger, so a run that succeeded after all is not loaded twice.
    Raises RunError for an unknown run or one that did not fail.
    """
    execution = _execution(deployment, run_id)
    if execution["status"] not in ("FAILED", "TIMED_OUT", "ABORTED"):
        raise RunError(f"run {run_id!r} is {execution['status']}; only a failed run can be redriven")
    started = deployment.client("stepfunctions").start_execution(
        stateMachineArn=deployment.outputs["etl_pipeline"]["state_machine_alias"],
        name=f"redrive-{uuid.uuid4()}",
        input=execution["input"],
    )
    return str(started["executionArn"])


def _execution(deployment: Deployment, run_id: str) -> dict[str, Any]:
    """Return a run's execution, which bears its id. Raises RunError."""
    states = deployment.client("stepfunctions")
    machine: str = deployment.outputs["etl_pipeline"]["state_machine_arn"]
    arn = machine.replace(":stateMachine:", ":execution:") + f":{run_id}"
    try:
        execution: dict[str, Any] = states.describe_execution(executionArn=arn)
    except states.exceptions.ExecutionDoesNotExist:
        raise RunError(f"there is no run {run_id!r}; `runs` lists them (Step Functions keeps 90 days)") from None
    return execution


def main() -> int:
    """Do what the command line asks; return 0, or 1 after one sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m scripts.etl", description=__doc__)
    parser.add_argument("--env", default="local", help="a folder of environments/ (%(default)s)")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("runs", help="list the latest runs of a data set")
    listing.add_argument("dataset")
    listing.add_argument("--status", choices=["RUNNING", "SUCCEEDED", "FAILED"])
    listing.add_argument("--limit", type=int, default=20)
    listing.add_argument("--json", action="store_true", help="for machines")
    reading = commands.add_parser("report", help="print one of a run's reports")
    reading.add_argument("run_id")
    reading.add_argument("name", choices=["run.json", "rejects.csv"])
    again = commands.add_parser("redrive", help="run a failed run's upload again")
    again.add_argument("run_id")
    arguments = parser.parse_args()
    try:
        deployment = load(arguments.env)
        if arguments.command == "redrive":
            print(redrive(deployment, arguments.run_id))
        elif arguments.command == "report":
            print(report(deployment, arguments.run_id, arguments.name), end="")
        else:
            _show(runs(deployment, arguments.dataset, arguments.status, arguments.limit), as_json=arguments.json)
    except (NotDeployedError, EngineError, TerraformError, RunError, ClientError, BotoCoreError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _show(found: list[dict[str, str]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found))
        return
    table = Table("run", "status", "started", "read", "loaded", "rejected", "error", box=None)
    for run in found:
        counts = (run[f"rows_{what}"] for what in ("read", "loaded", "rejected"))
        table.add_row(run["run_id"], run["status"], run["started_at"][:19], *counts, run["error"])
    Console(width=WIDTH).print(table if found else "no runs")


if __name__ == "__main__":
    sys.exit(main())
