"""What one looks at: a light for each workflow, a dashboard of each and one of all, questions saved for the logs."""

import json
import time
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts import saved_queries
from scripts.aws import Client
from scripts.deployment import Deployment
from scripts.people import caller
from scripts.stage import StoryError

PATIENCE_SECONDS = 30
POLL_SECONDS = 0.5
LIGHTS = {"OK": "[green]● OK[/]", "ALARM": "[red]● ALARM[/]", "INSUFFICIENT_DATA": "[yellow]● not yet known[/]"}
QUERY = "approval_workflow/slowest_calls"
SHOWN = 3


def tell(deployment: Deployment, console: Console) -> None:
    """Print the lights, and ask a saved question about a call. Raises StoryError when the logs do not know of it."""
    console.rule("[bold]Monitoring: alarms → lights → dashboards → questions to the logs")
    _print_lights(deployment, console)
    url = f"{deployment.outputs['approval_workflow']['api_url']}/requests/req-00000000000000000000"
    status = caller(deployment, "ada").call("GET", url).status
    console.print(f"\n[bold]A call of the approval workflow's API[/]: {status}, there is no such request")
    console.print(f"  the question saved as {QUERY}, asked about the last minute:")
    saved_queries.show(console, _asked(deployment))
    console.print("\n[bold]Look further[/]")
    for command in (".venv/bin/python -m scripts.saved_queries   # their names", "make doctor ENV=local"):
        console.print(f"  {command}", markup=False)


def _print_lights(deployment: Deployment, console: Console) -> None:
    cloudwatch, overview = deployment.client("cloudwatch"), deployment.outputs["overview"]
    lights = list(_alarms(cloudwatch, "CompositeAlarm"))
    table = Table("workflow", "light", "alarms below it", "graphs on its dashboard", box=None)
    for light in lights:
        workflow = _workflow(light, deployment)
        body = json.loads(cloudwatch.get_dashboard(DashboardName=f"{overview}-{workflow}")["DashboardBody"])
        alarms = light["AlarmRule"].count("ALARM(")
        table.add_row(workflow, LIGHTS[light["StateValue"]], str(alarms), str(len(body["widgets"])))
    console.print(table)
    console.print(f"  all of them on one: the dashboard {overview}")
    for alarm in _alarms(cloudwatch, "MetricAlarm", StateValue="ALARM"):
        for light in (light for light in lights if f'"{alarm["AlarmName"]}"' in light["AlarmRule"]):
            console.print(f"  [red]{_workflow(light, deployment)}[/]: {alarm['AlarmDescription']}")


def _alarms(cloudwatch: Client, kind: str, **those: str) -> Iterator[dict[str, Any]]:
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=[kind], **those)
    return (alarm for page in pages for alarm in page[f"{kind}s"])


def _workflow(light: dict[str, Any], deployment: Deployment) -> str:
    return str(light["AlarmName"].removeprefix(f"{deployment.outputs['foundation']['name']}-"))


def _asked(deployment: Deployment) -> list[saved_queries.Row]:
    """Return the slowest calls, once the logs have arrived."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (rows := saved_queries.ask(deployment, QUERY, seconds=60)):
        if time.monotonic() > deadline:
            raise StoryError(f"no call was found by {QUERY}: see the log of the function show_request")
        time.sleep(POLL_SECONDS)
    return rows[:SHOWN]
