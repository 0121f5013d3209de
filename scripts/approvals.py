"""The operator's view of the approval workflow: which requests wait for whom, and one request with its audit trail.

`python -m scripts.approvals --env dev list --status PENDING`; `… show req-0123456789abcdef0123`
"""

import argparse
import json
import sys
from datetime import UTC, datetime
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scripts.deployment import Deployment, NotDeployedError, load
from scripts.local_engine import EngineError
from scripts.terraform import TerraformError

SECRET = ("task_token",)  # who has it can answer in the approvers' place
WIDTH = 140
WORKFLOW = "approval_workflow"


class RequestError(Exception):
    """The request cannot be shown; the message says why."""


def requests(deployment: Deployment, status: str | None = None) -> list[dict[str, Any]]:
    """Return the requests of that status (None: all of them), newest first, as plain values.

    It reads the whole table, which is small: people make requests. Raises ClientError when it cannot be read.
    """
    table = deployment.outputs[WORKFLOW]["requests_table"]
    pages = deployment.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    found = [_plain(item) for page in pages for item in page["Items"]]
    wanted = [request for request in found if status in (None, request["status"])]
    return sorted(wanted, key=lambda request: str(request["created_at"]), reverse=True)


def request(deployment: Deployment, request_id: str) -> dict[str, Any]:
    """Return one request. Raises RequestError when there is none of that id."""
    table = deployment.outputs[WORKFLOW]["requests_table"]
    answer = deployment.client("dynamodb").get_item(TableName=table, Key={"request_id": {"S": request_id}})
    if "Item" not in answer:
        raise RequestError(f"there is no request {request_id!r}; `list` shows those there are")
    return _plain(answer["Item"])


def trail(deployment: Deployment, request_id: str) -> list[dict[str, Any]]:
    """Return a request's audit entries in the order in which they were written."""
    pages = deployment.client("dynamodb").get_paginator("query")
    query = {
        "TableName": deployment.outputs[WORKFLOW]["audit_table"],
        "KeyConditionExpression": "request_id = :id",
        "ExpressionAttributeValues": {":id": {"S": request_id}},
    }
    return [_plain(item) for page in pages.paginate(**query) for item in page["Items"]]


def waits_for(found: dict[str, Any]) -> list[str]:
    """Return the approvers that a pending request still waits for."""
    asked = found.get("approvers", []) if found["status"] == "PENDING" else []
    return [name for name in asked if name not in found.get("votes", {})]


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    read = TypeDeserializer()
    return {name: read.deserialize(value) for name, value in item.items() if name not in SECRET}


def main() -> int:
    """Do what the command line asks; return 0, or 1 after one sentence on standard error."""
    arguments = _parser().parse_args()
    try:
        deployment = load(arguments.env)
        if arguments.command == "list":
            _list(requests(deployment, arguments.status), as_json=arguments.json)
        else:
            _show(request(deployment, arguments.request_id), trail(deployment, arguments.request_id))
    except (NotDeployedError, EngineError, TerraformError, RequestError, ClientError, BotoCoreError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.approvals", description=__doc__)
    parser.add_argument("--env", default="local", help="a folder of environments/ (%(default)s)")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="list requests, newest first")
    listing.add_argument("--status", type=str.upper, help="only those, for example PENDING")
    listing.add_argument("--json", action="store_true", help="for machines")
    showing = commands.add_parser("show", help="show one request and its audit trail")
    showing.add_argument("request_id")
    return parser


def _list(found: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, default=str))
        return
    table = Table("request", "status", "created", "requester", "what", "hours", "waits for", "until", box=None)
    for each in found:
        what, hours = _what(each["request"]), str(each["request"].get("hours", ""))
        until = _moment(each.get("expires_at")) if each["status"] == "PENDING" else str(each.get("ends_at", ""))[:19]
        who = str(each.get("requester_name") or each["requester"])
        row = (each["request_id"], each["status"], each["created_at"][:19], who, what, hours)
        table.add_row(*row, ", ".join(waits_for(each)), until)
    Console(width=WIDTH).print(table if found else "no requests")


def _what(wanted: dict[str, Any]) -> str:
    """Say in a few words what is asked for; a request for a host has no kind."""
    if wanted.get("kind") == "deployment":
        return f"deploys {wanted['commit'][:12]} to {wanted['environment']}"
    return str(wanted.get("instance_type") or f"extends {wanted.get('extends')}")


def _moment(seconds: float | None) -> str:
    return datetime.fromtimestamp(float(seconds), UTC).isoformat()[:19] if seconds else ""


def _show(found: dict[str, Any], entries: list[dict[str, Any]]) -> None:
    console = Console(width=WIDTH, highlight=False)
    console.print_json(json.dumps(found, default=str), sort_keys=True)
    table = Table("at", "who", "what", "from", "detail", title="audit trail", box=None)
    for entry in entries:
        detail = json.dumps(entry["detail"], default=str) if entry.get("detail") else ""
        table.add_row(entry["at"], entry["who"], entry["what"], entry.get("from_address", ""), escape(detail))
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
