"""The approval workflow's story: a host is asked for, scanners change nothing, two people agree, it is launched."""

import json
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from rich.console import Console
from rich.table import Table

from scripts import approvals
from scripts.deployment import Deployment
from scripts.executions import entered, history
from scripts.failed_executions.failures import Failures
from scripts.inbox import Inbox
from scripts.people import caller
from scripts.rotation import RotatedSecret
from scripts.signed_http import Answer, Caller, send
from scripts.stage import StoryError

HOST = {
    "instance_type": "t3.micro",
    "image_parameter": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
    "purpose": "Try the new release",
    "hours": 8,
    "cost_centre": "platform",
}
WAITING = "WaitForWarning"
PATIENCE_SECONDS = 60
POLL_SECONDS = 0.3


def tell(deployment: Deployment, console: Console) -> None:
    """Make four requests and print what became of them. Raises StoryError when one ends as it should not."""
    outputs = deployment.outputs["approval_workflow"]
    console.rule("[bold]Approval workflow: API Gateway → Step Functions → people → EC2")
    ada = caller(deployment, "ada")
    with Inbox(deployment, outputs["topic_arn"]) as inbox:
        console.print("\n[bold]A host for eight hours[/]: Ada asks, with a signed request")
        launched = _ask(ada, outputs, console, HOST)
        links = {name: _link(inbox, launched, name) for name in ("bert", "cleo", "dana")}
        console.print("  ✉ links to bert, cleo and dana; a mail scanner follows each, and nothing changes:")
        console.print(f"    GET answers {sorted({send('GET', link).status for link in links.values()})}", end=", ")
        console.print(f"the request is {approvals.request(deployment, launched)['status']}")
        for name in ("bert", "cleo"):
            console.print(f"  {name} approves: {_decide(links[name], 'approve').status}")
        console.print(f"  bert again: {_decide(links['bert'], 'deny').status}, a link decides once")
        _until(
            lambda: "instance_id" in approvals.request(deployment, launched),
            f"request {launched} has no instance yet: see its execution of that name",
        )
        _print_outcome(inbox, console, launched)
        _print_host(deployment, console, launched)
        _stop_and_redrive(deployment, console, launched)
        console.print("\n[bold]Another one, denied[/]: one no is enough")
        denied = _ask(ada, outputs, console, HOST)
        link = _link(inbox, denied, "dana")
        _rotate(deployment, outputs, console)
        answer = _decide(link, "deny")
        if answer.status != HTTPStatus.OK:
            raise StoryError(f"dana's link should have outlived one key, and was answered {answer.status}")
        console.print(f"  dana denies by her link of before: {answer.status}")
        _print_outcome(inbox, console, denied)
        console.print("\n[bold]A third one, too long[/]: the policy says no before anybody is asked")
        invalid = _ask(ada, outputs, console, HOST | {"hours": 8000})
        _print_outcome(inbox, console, invalid)
        console.print("\n[bold]A fourth one, for you[/]: open the link in your browser and decide")
        waiting = _ask(ada, outputs, console, HOST | {"purpose": "Try the page"})
        console.print(f"  {_link(inbox, waiting, 'bert')}", markup=False)
    _print_trail(deployment, console, launched)
    console.print("\n[bold]Look further[/]")
    for words in ("list", "list --status PENDING", f"show {launched}   # with its audit trail"):
        console.print(f"  .venv/bin/python -m scripts.approvals {words}", markup=False)
    console.print("  .venv/bin/python -m scripts.failed_executions list", markup=False)
    console.print(f"  {outputs['api_url']}/requests, table {outputs['requests_table']}", markup=False)


def _rotate(deployment: Deployment, outputs: dict[str, Any], console: Console) -> None:
    """Replace the key that signs links, while a link is on its way."""
    if not RotatedSecret(deployment, outputs["link_key_secret"]).rotate():
        raise StoryError("the links' key was not replaced: see the log of the function rotate_link_key")
    console.print("  Secrets Manager replaces the key that signs links; one that was sent outlives it")


def _ask(ada: Caller, outputs: dict[str, Any], console: Console, wish: dict[str, Any]) -> str:
    """Make a request; return its id."""
    url = f"{outputs['api_url']}/requests"
    answer = ada.call("POST", url, json.dumps(wish), **{"Content-Type": "application/json"})
    if answer.status != HTTPStatus.ACCEPTED:
        raise StoryError(f"POST {url} should be accepted and was answered {answer.status}: {answer.text}")
    request_id = str(json.loads(answer.text)["request_id"])
    console.print(f"  POST /requests: {answer.status}, {request_id}")
    return request_id


def _link(inbox: Inbox, request_id: str, name: str) -> str:
    mail = inbox.wait_for(request_id, PATIENCE_SECONDS, recipient=name)
    found = re.search(r"^http\S+$", mail.message, re.MULTILINE) if mail else None
    if not found:
        raise StoryError(f"{name} got no link for request {request_id}: see the log of the function ask_approvers")
    return found[0]


def _decide(link: str, decision: str) -> Answer:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return send("POST", link, urlencode({"decision": decision, "comment": "from the demo"}), **headers)


def _until(done: Callable[[], bool], otherwise: str) -> None:
    """Wait until it is done; say what is not."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise StoryError(otherwise)
        time.sleep(POLL_SECONDS)


def _print_outcome(inbox: Inbox, console: Console, request_id: str) -> None:
    mail = inbox.wait_for(request_id, PATIENCE_SECONDS, kind="outcome")
    if mail is None:
        raise StoryError(f"nobody was told how request {request_id} ended: see its execution of that name")
    console.print(f"  ✉ [bold]{mail.subject}[/]")
    for line in mail.message.splitlines():
        console.print(f"    {line}", markup=False)


def _print_host(deployment: Deployment, console: Console, request_id: str) -> None:
    found = approvals.request(deployment, request_id)
    ec2 = deployment.client("ec2")
    host = ec2.describe_instances(InstanceIds=[found["instance_id"]])["Reservations"][0]["Instances"][0]
    volumes = [mapping["Ebs"]["VolumeId"] for mapping in host["BlockDeviceMappings"]]
    disk = ec2.describe_volumes(VolumeIds=volumes)["Volumes"][0]
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_row("instance", f"{host['InstanceId']}, {host['InstanceType']}, {host['State']['Name']}")
    table.add_row("metadata", f"IMDSv2 {host['MetadataOptions']['HttpTokens']}")
    table.add_row("disk", f"{disk['VolumeType']}, {'encrypted' if disk['Encrypted'] else 'NOT ENCRYPTED'}")
    table.add_row("public address", host.get("PublicIpAddress") or "none")
    table.add_row("ends", str(found["ends_at"]))
    console.print(table)


def _stop_and_redrive(deployment: Deployment, console: Console, request_id: str) -> None:
    """Stop the execution that is to end the host, and let it go on where it was."""
    console.print("\n[bold]Its execution is stopped by mistake[/]: nobody would end the host in eight hours")
    states = deployment.client("stepfunctions")
    machine = deployment.outputs["approval_workflow"]["state_machine_arn"]
    execution = f"{machine.replace(':stateMachine:', ':execution:')}:{request_id}"
    _until(
        lambda: entered(history(states, execution))[-1] == WAITING,
        f"{execution} does not wait for the end of its host: see its history",
    )
    states.stop_execution(executionArn=execution, error="Operator", cause="a mistake")
    [failures] = Failures.on(deployment, "approval_workflow")
    _until(
        lambda: _redriven(failures, execution, console),
        f"no queue kept {execution}, which was stopped: see the alarms of modules/state_machine",
    )
    console.print(f"  {states.describe_execution(executionArn=execution)['status']} again")


def _redriven(failures: Failures, execution: str, console: Console) -> bool:
    with failures.held() as kept:
        found = [failure for failure in kept if failure.arn == execution]
        for failure in found:
            failures.redrive(failure)
            console.print(f"  {failure.status} in {failure.state}: a queue has kept it, and it goes on from there")
    return bool(found)


def _print_trail(deployment: Deployment, console: Console, request_id: str) -> None:
    console.print("\n[bold]The first request's audit trail[/]: written once, never changed")
    table = Table("at", "who", "what", "from", box=None)
    for entry in approvals.trail(deployment, request_id):
        table.add_row(entry["at"], entry["who"], entry["what"], entry.get("from_address", ""))
    console.print(table)
