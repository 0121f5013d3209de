"""Tags what was made before the tagging workflow was there, or while it failed: CloudTrail remembers 90 days.

`python -m scripts.backfill_tags --env dev --days 30` shows what would be tagged; `--apply` tags it. Each recorded call
is handed to the workflow's own function, with its own permissions, so that owners are found as they always are.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from scripts.deployment import Deployment, NotDeployedError, load
from scripts.local_engine import EngineError
from scripts.terraform import TerraformError

CALLS = (
    "CopyImage", "CopySnapshot", "CreateImage", "CreateNetworkInterface", "CreateSnapshot", "CreateSnapshots",
    "CreateVolume", "RegisterImage", "RunInstances",
)  # fmt: skip
MAX_DAYS = 90
# https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html: two requests a second
_SECONDS_A_LOOK = 0.5


class BackfillError(Exception):
    """The function failed for a call; the message says how."""


def calls(deployment: Deployment, since: datetime, until: datetime, names: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the records of all calls between two moments that have a name, at the pace that CloudTrail allows."""
    pages = deployment.client("cloudtrail").get_paginator("lookup_events")
    for name in names:
        wanted = [{"AttributeKey": "EventName", "AttributeValue": name}]
        for page in pages.paginate(LookupAttributes=wanted, StartTime=since, EndTime=until):
            yield from (json.loads(event["CloudTrailEvent"]) for event in page["Events"])
            time.sleep(_SECONDS_A_LOOK)


def tag(deployment: Deployment, record: dict[str, Any], *, apply: bool) -> dict[str, Any]:
    """Let the function tag what a call made, or only tell; return its answer. Raises BackfillError."""
    function = deployment.outputs["resource_tagging"]["function_names"]["tag_resources"]
    event = {"detail": record, "dry_run": not apply}
    answer = deployment.client("lambda").invoke(FunctionName=function, Qualifier="live", Payload=json.dumps(event))
    document: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise BackfillError(f"{document.get('errorType')}: {document.get('errorMessage')}")
    return document


def backfill(
    deployment: Deployment, since: datetime, until: datetime, *, apply: bool, names: Iterable[str] = CALLS
) -> Counter[str]:
    """Go through all calls between two moments and print what came of them, one that fails does not hold up the rest.

    Returns how many resources were (or would be) "tagged", how many "kept" their owner or are "gone", and how many
    calls "failed".
    """
    table = Table("when", "call", "owner", "found by", "resources", box=None)
    counts: Counter[str] = Counter()
    dry_run = not apply
    for record in calls(deployment, since, until, names):
        try:
            answer = tag(deployment, record, apply=apply)
        except BackfillError as error:
            counts["failed"] += 1
            print(f"{record['eventName']} {record['eventID']}: {error}", file=sys.stderr)
            continue
        if answer["ignored"]:
            continue
        dry_run = answer["dry_run"]
        counts.update({kind: len(answer[kind]) for kind in ("tagged", "kept", "gone")})
        if answer["tagged"]:
            who = (answer["owner"], answer["found_by"])
            table.add_row(record["eventTime"], record["eventName"], *who, ", ".join(answer["tagged"]))
    _summarise(table, counts, dry_run=dry_run, apply=apply)
    return counts


def _summarise(table: Table, counts: Counter[str], *, dry_run: bool, apply: bool) -> None:
    console = Console(width=160)
    if table.row_count:
        console.print(table)
    verb = "would be tagged" if dry_run else "tagged"
    print(f"{counts['tagged']} {verb}, {counts['kept']} had an owner, {counts['gone']} are gone")
    if dry_run:
        print("The environment's `dry_run` is true: nothing was touched." if apply else "Use --apply to tag them.")


def main() -> int:
    """Do what the command line asks; return 0, or 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m scripts.backfill_tags", description=__doc__)
    parser.add_argument("--env", default="local", help="a folder of environments/ (%(default)s)")
    parser.add_argument("--days", type=int, default=MAX_DAYS, choices=range(1, MAX_DAYS + 1), metavar="1-90")
    parser.add_argument("--apply", action="store_true", help="tag; without it nothing is touched")
    arguments = parser.parse_args()
    try:
        deployment = load(arguments.env)
        now = datetime.now(UTC)
        counts = backfill(deployment, now - timedelta(days=arguments.days), now, apply=arguments.apply)
    except (NotDeployedError, EngineError, TerraformError, ClientError, BotoCoreError) as error:
        print(error, file=sys.stderr)
        return 1
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
