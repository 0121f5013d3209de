"""The approval workflow without its machine: handlers in this process, AWS played by moto and a few fakes."""

import json
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from approval_workflow.adapters.attributes import document
from approval_workflow.domain.moments import iso
from approval_workflow.handlers import (
    ask_approvers,
    close_request,
    decide,
    end_instance,
    extend_instance,
    launch_instance,
    open_decision,
    publish_parameters,
    record_outcome,
    resume_workflow,
    show_decision,
    show_request,
    submit_request,
    validate_request,
)
from gitops_pipeline.domain.run import Run
from shared.clients import client
from tests.support import functions
from tests.support.functions import Context
from tests.unit.approval_workflow.aws import Ec2, States, Tables, Topic

HANDLERS = (
    ask_approvers, close_request, decide, end_instance, extend_instance, launch_instance, open_decision,
    publish_parameters, record_outcome, show_decision, show_request, submit_request, validate_request,
)  # fmt: skip
REQUESTS, LINKS, AUDIT, SECRET, HOSTS = "requests", "links", "audit", "link-key", "/workflows/approval_workflow/hosts"
POLICY_PARAMETER = "/workflows/approval_workflow/policy"
IMAGE_PARAMETER, IMAGE = "/images/linux", "ami-0123456789abcdef0"
ENVIRONMENT = functions.ENVIRONMENT | {
    "POWERTOOLS_SERVICE_NAME": "approval_workflow",
    "REQUESTS_TABLE": REQUESTS,
    "LINKS_TABLE": LINKS,
    "AUDIT_TABLE": AUDIT,
    "LINK_KEY_SECRET": SECRET,
    "POLICY_PARAMETER": POLICY_PARAMETER,
    "STATE_MACHINE_ARN": "arn:aws:states:us-east-1:000000000000:stateMachine:approval-workflow:live",
    "DECISIONS_URL": "https://api.example.com/live/decisions",
    "TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:approval-workflow",
    "LAUNCH_TEMPLATE_ID": "lt-1",
    "SUBNET_IDS": "subnet-1,subnet-2",
    "SECURITY_GROUP_ID": "sg-1",
    "HOSTS_PATH": HOSTS,
    "WORKFLOW": "approval-workflow",
}
POLICY: dict[str, Any] = {
    "people": {
        name: {"email": f"{name}@example.com", "principal": f"arn:aws:iam::000000000000:user/{name}"}
        for name in ("ada", "bert", "cleo", "dana")
    },
    "instance_types": [
        {"type": "t3.micro", "usd_per_hour": "0.0104"},
        {"type": "t3.small", "usd_per_hour": "0.0208"},
        {"type": "m7i.large", "usd_per_hour": "0.1008"},
    ],
    "image_parameters": [IMAGE_PARAMETER],
    "cost_centres": ["CC-1001", "CC-1002"],
    "max_hours": 72,
    "max_price_usd": "2.00",
    "approvals": {"needed": 2, "from": ["bert", "cleo", "dana"]},
    "deadline_seconds": 259200,
    "reminders": 3,
    "warning_seconds": 3600,
}
ADA = POLICY["people"]["ada"]["principal"]
RUN = Run(
    run_id="0123456789ab-00000001",
    execution="arn:aws:states:us-east-1:000000000000:execution:gitops-pipeline:1",
    started_at="2026-11-23T07:59:00.000Z",
    repository="platform",
    branch="release/1",
    commit="0123456789abcdef0123456789abcdef01234567",
    previous="",
    parent="",
    pusher=ADA,
    author="Ada <ada@example.com>",
    message="Speed up the reports",
    environment="prod",
    protected=True,
    approvers=("bert", "cleo", "dana"),
    needed=2,
    thresholds={"secret_scan": "LOW"},
    canary=(),
    lease_seconds=300000,
).to_document()
PLAN = {
    "summary": "2 to add, 1 to change, 0 to destroy",
    "address": "s3://workflows-gitops-pipeline/runs/0123456789ab-00000001/plan.txt",
}
WISH: dict[str, Any] = {
    "instance_type": "t3.micro",
    "image_parameter": IMAGE_PARAMETER,
    "purpose": "Load test",
    "hours": 24,
    "cost_centre": "CC-1001",
}
START = 1_795_420_800
_EVENTS = Path(__file__).parents[2] / "events"


def api_event(name: str) -> dict[str, Any]:
    """Return a golden event of API Gateway's proxy integration."""
    event: dict[str, Any] = json.loads((_EVENTS / f"{name}.json").read_text())
    return event


@dataclass
class Workflow:
    """Tables, a secret, a policy, a clock, and what the state machine and people do."""

    now: int = START
    dynamodb: Any = field(default_factory=Tables)
    states: States = field(default_factory=States)
    topic: Topic = field(default_factory=Topic)
    ec2: Ec2 = field(default_factory=Ec2)

    def create(self) -> None:
        for table, keys in ((REQUESTS, ["request_id"]), (LINKS, ["link_id"]), (AUDIT, ["request_id", "entry_id"])):
            kinds = zip(keys, ("HASH", "RANGE"), strict=False)
            self.dynamodb.create_table(
                TableName=table,
                KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in kinds],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
                BillingMode="PAY_PER_REQUEST",
            )
        client("secretsmanager").create_secret(Name=SECRET, SecretString="first")
        self.agree_on_image(IMAGE_PARAMETER, IMAGE)
        self.agree(POLICY)

    def agree(self, policy: dict[str, Any]) -> None:
        client("ssm").put_parameter(Name=POLICY_PARAMETER, Value=json.dumps(policy), Type="String", Overwrite=True)

    def agree_on_image(self, parameter: str, value: str) -> None:
        client("ssm").put_parameter(Name=parameter, Value=value, Type="String")

    def rotate(self, secret: str) -> None:
        client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=secret)

    # What callers do

    def post(self, wish: Any = WISH, key: str | None = "key-1", caller: str | None = ADA) -> dict[str, Any]:
        """Submit a request as API Gateway passes it on; return the whole answer."""
        event = api_event("api_submit_request")
        event["body"] = wish if isinstance(wish, str) else json.dumps(wish)
        event["requestContext"]["identity"]["userArn"] = caller
        del event["headers"]["Idempotency-Key"], event["multiValueHeaders"]["Idempotency-Key"]
        if key is not None:
            event["headers"]["Idempotency-Key"] = key
        return submit_request.handler(event, Context())

    def submit(self, wish: Any = WISH, key: str | None = "key-1", caller: str = ADA) -> str:
        """Submit a request; return its id."""
        answer = self.post(wish, key, caller)
        assert answer["statusCode"] == 202, answer
        request_id: str = json.loads(answer["body"])["request_id"]
        return request_id

    def show(self, request_id: str, caller: str | None = ADA) -> dict[str, Any]:
        event = api_event("api_show_request")
        event["pathParameters"] = {"request_id": request_id}
        event["requestContext"]["identity"]["userArn"] = caller
        return show_request.handler(event, Context())

    def open(self, link: str) -> dict[str, Any]:
        """Open a link as a browser or a mail scanner does."""
        event = api_event("api_show_decision")
        event["pathParameters"] = {"link": link}
        return show_decision.handler(event, Context())

    def decide(self, link: str, body: Any = None, *, base64: bool = False, **fields: str) -> dict[str, Any]:
        """Send the page's form."""
        event = api_event("api_decide")
        event["pathParameters"] = {"link": link}
        event["body"] = body if body is not None else urlencode(fields)
        if base64:
            event |= {"body": b64encode(event["body"].encode()).decode(), "isBase64Encoded": True}
        return decide.handler(event, Context())

    # What the state machine does

    def step(self, module: Any, request_id: str, **event: Any) -> Any:
        return module.handler({"request_id": request_id, **event}, Context())

    def validate(self, request_id: str) -> Any:
        return self.step(validate_request, request_id)

    def open_decision(self, run: dict[str, Any] = RUN, plan: dict[str, str] = PLAN) -> Any:
        """Ask about a deployment as the pipeline's machine does."""
        return open_decision.handler({"run": run, "plan": plan}, Context())

    def ask(self, request_id: str, round_number: int = 0, token: str = "token-0") -> Any:  # noqa: S107  # no password
        return self.step(ask_approvers, request_id, round=round_number, task_token=token)

    def launch(self, request_id: str, instance_type: str = "t3.micro") -> Any:
        return self.step(launch_instance, request_id, image_id=IMAGE, instance_type=instance_type)

    def resume(self, request_id: str) -> Any:
        """Deliver the request's item as the stream does."""
        event = api_event("approval_requests_stream")
        event["Records"][0]["dynamodb"]["NewImage"] = self._item(request_id)
        return resume_workflow.handler(event, Context())

    # The same, up to some point

    def asked(self, wish: Any = WISH, key: str = "key-1") -> str:
        """Return the id of a request that waits for decisions."""
        request_id = self.submit(wish, key)
        assert self.validate(request_id)["valid"]
        self.ask(request_id)
        return request_id

    def asked_about_deployment(self, **changes: Any) -> str:
        """Return the id of a deployment's request that waits for decisions."""
        request_id: str = self.open_decision(RUN | changes)["request_id"]
        self.ask(request_id)
        return request_id

    def approved(self, wish: Any = WISH, key: str = "key-1") -> str:
        request_id = self.asked(wish, key)
        for name in ("bert", "cleo"):
            assert self.decide(self.link(request_id, name), decision="approve")["statusCode"] == 200
        return request_id

    def running(self) -> str:
        request_id = self.approved()
        self.launch(request_id)
        self.step(publish_parameters, request_id, instance_id=self.stored(request_id)["instance_id"])
        return request_id

    # What there is

    def link(self, request_id: str, name: str) -> str:
        """Return the link that an approver was sent last."""
        texts = [
            message["Message"]
            for message in self.topic.messages
            if message["MessageAttributes"]["recipient"]["StringValue"] == name and request_id in message["Message"]
        ]
        url: str = texts[-1].rstrip().rpartition("\n")[2]
        return url.removeprefix(ENVIRONMENT["DECISIONS_URL"] + "/")

    def stored(self, request_id: str) -> dict[str, Any]:
        return document(self._item(request_id))

    def audit(self, request_id: str) -> list[dict[str, Any]]:
        entries = [document(item) for item in self.dynamodb.scan(TableName=AUDIT)["Items"]]
        own = (entry for entry in entries if entry["request_id"] == request_id)
        return sorted(own, key=lambda entry: entry["entry_id"])

    def trail(self, request_id: str) -> list[str]:
        return [entry["what"] for entry in self.audit(request_id)]

    def everything(self) -> list[Any]:
        """Return all that is stored, to show that something changes nothing."""
        return [self.dynamodb.scan(TableName=table)["Items"] for table in (REQUESTS, LINKS, AUDIT)]

    def pass_time(self, seconds: int) -> str:
        self.now += seconds
        return iso(self.now)

    def _item(self, request_id: str) -> dict[str, Any]:
        item: dict[str, Any] = self.dynamodb.get_item(
            TableName=REQUESTS, Key={"request_id": {"S": request_id}}, ConsistentRead=True
        )["Item"]
        return item
