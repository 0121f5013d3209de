"""The queue processor's story: usage records are priced once each, hopeless ones are set aside with a reason."""

import json
import time
import uuid
from collections.abc import Iterator
from itertools import batched
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.deployment import Deployment
from scripts.executions import ExecutionTimeoutError
from scripts.failure_queue.triage import Triage, survey

GOOD, DUPLICATES = 200, 20
POLL_SECONDS = 0.3
PATIENCE_SECONDS = 60


def tell(deployment: Deployment, console: Console) -> None:
    """Send messages and print what became of them. Raises ExecutionTimeoutError when the queue does not get empty."""
    outputs = deployment.outputs["queue_processor"]
    console.rule("[bold]Queue processor: SQS → Lambda → DynamoDB → stream → Lambda, failure queue")
    run = uuid.uuid4().hex[:8]
    good = [_usage(f"{run}-{number}", f"customer-{number % 3}") for number in range(GOOD)]
    poison = ["not JSON", _usage(f"{run}-poison", "customer-0", meter="nobody sells this")]
    console.print(f"\n{GOOD} usage records, {DUPLICATES} of them sent twice, and {len(poison)} that can never work")
    began = time.monotonic()
    _send(deployment, [*good, *good[:DUPLICATES], *poison])
    with console.status("") as status:
        for waiting in _until_empty(deployment):
            status.update(f"{waiting} messages in the queue")
    console.print(f"  all done after {time.monotonic() - began:.1f} s")
    results = [item for item in _items(deployment, "results_table") if item["business_key"]["S"].startswith(run)]
    console.print(f"  {len(results)} results stored, each record once")
    _print_totals(deployment, console)
    _print_failures(deployment, console)
    console.print("\n[bold]Look further[/]")
    for command in ("list", "redrive --reason JSON   # a rehearsal; --yes does it", "purge   # asks twice"):
        console.print(f"  .venv/bin/python -m scripts.failure_queue {command}", markup=False)
    console.print(f"  queue {outputs['queue_url']}, table {outputs['results_table']}", markup=False)


def _usage(usage_id: str, customer: str, meter: str = "api_calls") -> str:
    record = {"usage_id": usage_id, "customer": customer, "meter": meter, "quantity": "1500.5", "period": "2026-11"}
    return json.dumps(record)


def _send(deployment: Deployment, bodies: list[str]) -> None:
    sqs, url = deployment.client("sqs"), deployment.outputs["queue_processor"]["queue_url"]
    for batch in batched(bodies, 10, strict=False):
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(batch)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)


def _until_empty(deployment: Deployment) -> Iterator[int]:
    """Yield how many messages wait or are in flight, until none does."""
    sqs, url = deployment.client("sqs"), deployment.outputs["queue_processor"]["queue_url"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while waiting := sum(map(int, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values())):
        if time.monotonic() > deadline:
            raise ExecutionTimeoutError(f"{url} still has {waiting} messages after {PATIENCE_SECONDS} s")
        yield waiting
        time.sleep(POLL_SECONDS)


def _items(deployment: Deployment, table: str) -> Iterator[dict[str, Any]]:
    name = deployment.outputs["queue_processor"][table]
    for page in deployment.client("dynamodb").get_paginator("scan").paginate(TableName=name):
        yield from page["Items"]


def _print_totals(deployment: Deployment, console: Console) -> None:
    time.sleep(1)  # the stream's consumer follows the results
    table = Table("customer", "total", "lines", box=None)
    for item in sorted(_items(deployment, "totals_table"), key=lambda item: item["customer_currency"]["S"]):
        if "total" in item:
            customer, currency = item["customer_currency"]["S"].split("#")
            table.add_row(customer, f"{item['total']['N']} {currency}", item["lines"]["N"])
    console.print(table)


def _print_failures(deployment: Deployment, console: Console) -> None:
    counts, _ = survey(Triage.on(deployment, "queue_processor"), lambda _: True)
    for (error_type, reason), count in counts.most_common():
        console.print(f"  [red]✗[/] {count} on the failure queue: {error_type}: {reason}")
