"""Drives the approval workflow as its people do: signed requests, links from mails, decisions over plain HTTP."""

import json
import re
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import boto3

from scripts import approvals
from scripts.deployment import Deployment
from scripts.executions import entered, history
from scripts.inbox import Inbox, Notification
from scripts.local_engine import Engine
from scripts.parameters import Parameter
from scripts.people import caller
from scripts.signed_http import Answer, Caller, send
from tests.e2e.disturbances import alias_arn

HOST = {
    "instance_type": "t3.micro",
    "image_parameter": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
    "purpose": "Try the new release",
    "hours": 1,
    "cost_centre": "platform",
}
PATIENCE_SECONDS = 60
POLL_SECONDS = 0.1
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Approvals:
    """The applied approval workflow; `inbox` listens to its topic."""

    def __init__(self, deployment: Deployment, inbox: Inbox) -> None:
        self.deployment = deployment
        self.inbox = inbox
        self.outputs: dict[str, Any] = deployment.outputs["approval_workflow"]
        self.policy = Parameter(
            deployment, self.outputs["policy_parameter"], deployment.outputs["foundation"]["configuration_seconds"]
        )
        self.states = deployment.client("stepfunctions")
        self.ec2 = deployment.client("ec2")
        self.ssm = deployment.client("ssm")

    @cached_property
    def ada(self) -> Caller:
        """Who asks for hosts and decides on none."""
        return caller(self.deployment, "ada")

    def post(self, wish: object, by: Caller | None = None, **headers: str) -> Answer:
        """Make a request, whatever it says."""
        url = f"{self.outputs['api_url']}/requests"
        return (by or self.ada).call("POST", url, json.dumps(wish), **{"Content-Type": "application/json"} | headers)

    def submit(self, **changes: object) -> str:
        """Make a request for the host, with changes; return its id."""
        answer = self.post(HOST | changes)
        assert answer.status == 202, answer.text
        return str(json.loads(answer.text)["request_id"])

    def mail(self, about: str, recipient: str, kind: str = "approval_asked") -> Notification:
        """Return what that person was told about a request's id, or another text."""
        mail = self.inbox.wait_for(about, PATIENCE_SECONDS, recipient=recipient, kind=kind)
        assert mail, f"{recipient} got no {kind} about {about}"
        return mail

    def link(self, request_id: str, approver: str) -> str:
        """Return the link in the mail that asks an approver."""
        found = re.search(r"^http\S+$", self.mail(request_id, approver).message, re.MULTILINE)
        assert found
        return found[0]

    def extend(self, request_id: str, hours: int) -> str:
        """Ask for more hours of a host that runs; return the new request's id."""
        wish = {"purpose": "A little longer", "hours": hours, "cost_centre": "platform", "extends": request_id}
        answer = self.post(wish)
        assert answer.status == 202, answer.text
        return str(json.loads(answer.text)["request_id"])

    def approve(self, request_id: str, *approvers: str) -> None:
        """Let people approve by their links."""
        for approver in approvers:
            assert decide(self.link(request_id, approver), "approve").status == 200

    def request(self, request_id: str) -> dict[str, Any]:
        """Return the request as it is stored."""
        return approvals.request(self.deployment, request_id)

    def task_token(self, request_id: str) -> str:
        """Return the token that nobody but the machine and its functions ought to have."""
        key = {"request_id": {"S": request_id}}
        found = self.deployment.client("dynamodb").get_item(TableName=self.outputs["requests_table"], Key=key)
        return str(found["Item"]["task_token"]["S"])

    def trail(self, request_id: str) -> list[str]:
        """Return what the audit trail says happened, in order."""
        return [entry["what"] for entry in approvals.trail(self.deployment, request_id)]

    def execution(self, request_id: str) -> dict[str, Any]:
        """Return the execution that bears the request's id."""
        found: dict[str, Any] = self.states.describe_execution(executionArn=self._arn(request_id))
        return found

    def entered(self, request_id: str) -> list[str]:
        """Return the states the execution entered so far, in order."""
        return entered(history(self.states, self._arn(request_id)))

    def ended(self, request_id: str) -> str:
        """Wait for the execution's end; return its last state."""
        wait(lambda: self.execution(request_id)["status"] != "RUNNING")
        return self.entered(request_id)[-1]

    def instances(self, request_id: str) -> list[dict[str, Any]]:
        """Return the instances that were launched for the request, terminated ones too."""
        wanted = [{"Name": "tag:request-id", "Values": [request_id]}]
        found = self.ec2.describe_instances(Filters=wanted)["Reservations"]
        return [instance for reservation in found for instance in reservation["Instances"]]

    def on_host(self, engine: Engine, request_id: str) -> boto3.Session:
        """Return a session with what the metadata service of the request's host gives to whoever runs there."""
        [host] = self.instances(request_id)
        url = f"{engine.url}/_local/instances/{host['InstanceId']}/credentials"
        given = json.loads(send("POST", url).text)
        return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["Token"], self.deployment.region)

    def invoke(self, function: str, event: object) -> Any:
        """Call a function as the machine does; return its answer."""
        functions = self.deployment.client("lambda")
        answer = functions.invoke(FunctionName=alias_arn(self, function), Payload=json.dumps(event).encode())
        return json.load(answer["Payload"])

    def _arn(self, request_id: str) -> str:
        machine: str = self.outputs["state_machine_arn"]
        return f"{machine.replace(':stateMachine:', ':execution:')}:{request_id}"


def decide(link: str, decision: str, comment: str = "") -> Answer:
    """Press a button of the page behind a link."""
    return send("POST", link, urlencode({"decision": decision, "comment": comment}), **FORM)


def look(link: str) -> Answer:
    """Open a link, as a person or a mail scanner does."""
    return send("GET", link)


def wait[T](condition: Callable[[], T], seconds: float = PATIENCE_SECONDS) -> T:
    """Wait until `condition` holds; return its true value. Fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(POLL_SECONDS)
    return found
