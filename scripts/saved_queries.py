"""Ask the questions to the logs that are saved for Logs Insights: `python -m scripts.saved_queries --env dev`.

Without a name it lists them; `… etl_pipeline/slowest_calls --minutes 60` asks one about the last hour, `--json` for
machines.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Column, Table

from scripts.deployment import Deployment, NotDeployedError, load
from scripts.local_engine import EngineError
from scripts.terraform import TerraformError

type Row = dict[str, str]

PATIENCE_SECONDS = 60
POLL_SECONDS = 0.5
AHEAD_SECONDS = 60  # of the clock here, which may be slower than that of the logs
INTERNAL = "@ptr"  # names a row for GetLogRecord, and says nothing to people


class QueryError(Exception):
    """A question cannot be asked, or was not answered; one sentence."""


def saved(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """Return the environment's saved queries, each by its workflow and name (`etl_pipeline/slowest_calls`)."""
    logs, prefix = deployment.client("logs"), f"{deployment.outputs['foundation']['name']}/"
    asked: dict[str, Any] = {"queryDefinitionNamePrefix": prefix}
    found: list[dict[str, Any]] = []
    while True:  # boto3 has no paginator for it
        page = logs.describe_query_definitions(**asked)
        found += page["queryDefinitions"]
        if not page.get("nextToken"):
            return {query["name"].removeprefix(prefix): query for query in found}
        asked["nextToken"] = page["nextToken"]


def ask(deployment: Deployment, name: str, seconds: float) -> list[Row]:
    """Return what a saved query finds in the logs of the last `seconds`.

    Raises QueryError for a name that none has, and when Logs Insights does not answer it.
    """
    queries = saved(deployment)
    if name not in queries:
        raise QueryError(f"no query is saved as {name!r}; there are: {', '.join(sorted(queries))}")
    logs, now = deployment.client("logs"), time.time()
    query_id = logs.start_query(
        logGroupNames=queries[name]["logGroupNames"],
        queryString=queries[name]["queryString"],
        startTime=int(now - seconds),
        endTime=int(now + AHEAD_SECONDS),
    )["queryId"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (answer := logs.get_query_results(queryId=query_id))["status"] in ("Scheduled", "Running"):
        if time.monotonic() > deadline:
            logs.stop_query(queryId=query_id)
            raise QueryError(f"{name} was not answered within {PATIENCE_SECONDS} s; ask about fewer --minutes")
        time.sleep(POLL_SECONDS)
    if answer["status"] != "Complete":
        raise QueryError(f"Logs Insights ended {name} as {answer['status']}; ask again")
    return [{cell["field"]: cell["value"] for cell in row if cell["field"] != INTERNAL} for row in answer["results"]]


def show(console: Console, rows: Iterable[Row]) -> None:
    """Print rows as a table whose columns are the fields that any of them has, in their order."""
    rows = list(rows)
    columns = list(dict.fromkeys(field for row in rows for field in row))
    table = Table(*(Column(column, overflow="fold") for column in columns), box=None)
    for row in rows:
        table.add_row(*(row.get(column, "") for column in columns))
    console.print(table if rows else "Nothing was found.")


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks; return 0, or 1 after one sentence on standard error."""
    given = _parser().parse_args(arguments)
    try:
        deployment = load(given.env)
        if given.name is None:
            print("\n".join(sorted(saved(deployment))))
            return 0
        rows = ask(deployment, given.name, 60 * given.minutes)
    except (NotDeployedError, EngineError, TerraformError, QueryError, ClientError, BotoCoreError) as error:
        print(error, file=sys.stderr)
        return 1
    if given.json:
        print(json.dumps(rows))
    else:
        show(Console(soft_wrap=True, highlight=False), rows)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.saved_queries", description=__doc__)
    parser.add_argument("--env", default="local", help="a folder of environments/ (%(default)s)")
    parser.add_argument("name", nargs="?", help="workflow/query; default: list them")
    parser.add_argument("--minutes", type=float, default=60.0, help="how far to look back (%(default)g)")
    parser.add_argument("--json", action="store_true", help="for machines")
    return parser


if __name__ == "__main__":
    sys.exit(main())
