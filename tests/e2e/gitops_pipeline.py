"""Drives the GitOps pipeline as its users do: pushes to a real repository, mails, comments, and what is deployed."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from scripts.asl import walk
from scripts.deployment import Deployment
from scripts.executions import ENDED, entered, history, wait_for_end
from scripts.inbox import Inbox, Notification
from scripts.local_engine import Engine
from scripts.parameters import Parameter
from scripts.sample_repository import FUNCTION, PREFIX, Change, Sample
from tests.e2e.approvals import wait
from tests.e2e.ended import Ended
from tests.engine.hooks import hook

RUN_SECONDS = 300  # the first deployment lays a foundation of its own
BRANCH = "main"
_WHOM = ("FunctionName", "ProjectName", "RepositoryName", "TopicArn")  # what tells a task's calls from others


# What one of the builds is for, tried by each of them.
ATTEMPTS = """\
import os
import boto3
from botocore.exceptions import ClientError

def put(key):
    boto3.client("s3").put_object(Bucket=os.environ["THE_BUCKET"], Key=key, Body=b"")

def become(role):
    boto3.client("sts").assume_role(RoleArn=os.environ[role], RoleSessionName="attempt")

def sign():
    boto3.client("kms").sign(
        KeyId=os.environ["THE_KEY"], Message=bytes(32), MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256"
    )

def call():
    boto3.client("lambda").invoke(FunctionName=os.environ["THE_FUNCTION"], Payload=b'{"name": "Eve"}')

tried = {
    "report": lambda: put("runs/attempt/reports/policy_scan.json"),
    "other report": lambda: put("runs/attempt/reports/secret_scan.json"),
    "artifact": lambda: put("artifacts/attempt/greeter.zip"),
    "plan": lambda: put("runs/attempt/plan.tfplan"),
    "sign": sign,
    "plan role": lambda: become("PLAN_ROLE"),
    "apply role": lambda: become("APPLY_ROLE"),
    "call": call,
}
done = []
for name, attempt in tried.items():
    try:
        attempt()
    except ClientError as refusal:
        assert "AccessDenied" in refusal.response["Error"]["Code"], refusal
    else:
        done.append(name)
print("DONE='" + ",".join(done) + "'")
"""


@dataclass(frozen=True)
class Delivery(Ended):
    """An execution of the pipeline that has ended."""

    pipeline: "GitopsPipeline"
    execution: dict[str, Any]

    @cached_property
    def commit(self) -> str:
        return str(json.loads(self.execution["input"])["detail"]["commitId"])

    @cached_property
    def states(self) -> list[str]:
        """The names of the states it entered, in order."""
        return entered(history(self.pipeline.states, self.arn))

    @cached_property
    def mail(self) -> Notification:
        """What the team was told; all mails have at least the beginning of the commit's id."""
        found = self.pipeline.inbox.wait_for(self.commit[:12])
        assert found, f"nobody was told of {self.commit}"
        return found

    @property
    def entry(self) -> dict[str, str]:
        """What the ledger says of the commit."""
        return self.pipeline.ledger(f"COMMIT#{self.commit}")

    @cached_property
    def run_id(self) -> str:
        return str(json.loads(self.entry["run"])["run_id"])

    def comments(self) -> list[str]:
        """What stands beside the commit."""
        found = self.pipeline.codecommit.get_comments_for_compared_commit(
            repositoryName=self.pipeline.outputs["repository"], afterCommitId=self.commit
        )
        return [each["content"] for data in found["commentsForComparedCommitData"] for each in data["comments"]]

    def document(self, key: str) -> Any:
        """Return a JSON object of the run from the pipeline's bucket."""
        return json.loads(self.pipeline.s3.get_object(Bucket=self.pipeline.outputs["bucket"], Key=key)["Body"].read())


class GitopsPipeline:
    """The applied pipeline, and the sample repository that is pushed to it."""

    def __init__(self, deployment: Deployment, engine: Engine, inbox: Inbox, folder: Path) -> None:
        self.deployment = deployment
        self.engine = engine
        self.inbox = inbox
        self.outputs: dict[str, Any] = deployment.outputs["gitops_pipeline"]
        self.sample = Sample(folder, self.outputs["clone_url"], BRANCH)
        self.s3 = deployment.client("s3")
        self.states = deployment.client("stepfunctions")
        self.codecommit = deployment.client("codecommit")
        self.codebuild = deployment.client("codebuild")
        self.functions = deployment.client("lambda")
        self.settings = Parameter(deployment, self.outputs["settings_parameter"])

    def deliver(self, change: Change) -> Delivery:
        """Push a change and wait for the end of its run."""
        [delivery] = self.ended(commitId=self.sample.push(change))
        return delivery

    def ended(self, count: int = 1, **detail: str) -> list[Delivery]:
        """Wait until a push has had that many executions, and all of them have ended; the oldest comes first."""
        wait(lambda: len(self.executions(**detail)) >= count, RUN_SECONDS)
        return [self.end(arn) for arn in self.executions(**detail)]

    def executions(self, **detail: str) -> list[str]:
        """Return the executions of a push by what its event says, the oldest first."""
        pages = self.states.get_paginator("list_executions").paginate(stateMachineArn=self.outputs["state_machine_arn"])
        arns = [each["executionArn"] for page in pages for each in page["executions"]]
        inputs = {arn: json.loads(self.states.describe_execution(executionArn=arn)["input"]) for arn in reversed(arns)}
        return [arn for arn, told in inputs.items() if detail.items() <= told.get("detail", {}).items()]

    def begun(self, commit: str, state: str) -> str:
        """Wait until a commit's execution has entered a state; return the execution."""
        wait(lambda: self.executions(commitId=commit), RUN_SECONDS)
        [arn] = self.executions(commitId=commit)

        def is_there() -> bool:
            ended = self.states.describe_execution(executionArn=arn)["status"] in ENDED
            there = state in entered(history(self.states, arn))
            assert there or not ended, f"{arn} has ended before {state}"
            return there

        wait(is_there, RUN_SECONDS)
        return arn

    def ledger(self, entry: str) -> dict[str, str]:
        """Return an entry of the branch's ledger as text; empty when there is none."""
        key = {"branch": {"S": f"{self.outputs['repository']}#{BRANCH}"}, "entry": {"S": entry}}
        found = self.deployment.client("dynamodb").get_item(TableName=self.outputs["ledger_table"], Key=key)
        return {name: next(iter(value.values())) for name, value in found.get("Item", {}).items()}

    @property
    def holder(self) -> str:
        """The execution that has the branch's lock; "" when nobody has."""
        return self.ledger("LOCK").get("execution", "")

    def live(self) -> dict[str, Any]:
        """Return what the greeter's alias points to: its version, and the shares of others."""
        alias = self.functions.get_alias(FunctionName=FUNCTION, Name="live")
        weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        return {"version": alias["FunctionVersion"], "weights": weights}

    def greet(self) -> dict[str, Any]:
        """Call what is live."""
        event = json.dumps({"name": "Ada"})
        answer = self.functions.invoke(FunctionName=FUNCTION, Qualifier="live", Payload=event)
        told: dict[str, Any] = json.loads(answer["Payload"].read())
        return told

    def rule(self, source: str) -> str:
        """Return the name of the rule that starts the machine at events of a source."""
        events = self.deployment.client("events")
        names = events.list_rule_names_by_target(TargetArn=self.outputs["state_machine_alias"])["RuleNames"]
        [found] = [name for name in names if source in events.describe_rule(Name=name)["EventPattern"]]
        return str(found)

    @contextmanager
    def deaf(self, source: str) -> Iterator[None]:
        """Let the machine hear nothing of a source for a while."""
        events, name = self.deployment.client("events"), self.rule(source)
        events.disable_rule(Name=name)
        try:
            yield
        finally:
            events.enable_rule(Name=name)

    @contextmanager
    def called(self) -> Iterator[None]:
        """Let the greeter be called all the time for a while."""
        over = threading.Event()

        def call() -> None:
            while not over.wait(0.1):
                self.greet()

        thread = threading.Thread(target=call)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def alarms(self) -> set[str]:
        """Return which alarms of what is deployed ring."""
        pages = self.deployment.client("cloudwatch").get_paginator("describe_alarms")
        found = pages.paginate(AlarmNamePrefix=PREFIX, StateValue="ALARM")
        return {alarm["AlarmName"] for page in found for alarm in page["MetricAlarms"]}

    def attempts(self, project: str) -> set[str]:
        """Let one of the builds try what each of them is for; return what it could do."""
        target = self.outputs["target_prefix"].removesuffix("-")
        role = f"arn:aws:iam::{self.deployment.account_id}:role/deploy-{target}"
        known = {
            "THE_BUCKET": self.outputs["bucket"],
            "THE_KEY": self.outputs["signing_key_arn"],
            "THE_FUNCTION": f"{FUNCTION}:live",
            "PLAN_ROLE": f"{role}-plan",
            "APPLY_ROLE": f"{role}-apply",
            "ATTEMPTS": ATTEMPTS,
        }
        commands = ['python -c "$ATTEMPTS" > done.env', "set -a && . ./done.env && set +a"]
        buildspec = {
            "version": 0.2,
            "env": {"exported-variables": ["DONE"]},
            "phases": {"build": {"commands": commands}},
        }
        started = self.codebuild.start_build(
            projectName=self.outputs["project_names"][project],
            buildspecOverride=json.dumps(buildspec),
            environmentVariablesOverride=[{"name": name, "value": value} for name, value in known.items()],
        )["build"]["id"]

        def build() -> dict[str, Any]:
            found: dict[str, Any] = self.codebuild.batch_get_builds(ids=[started])["builds"][0]
            return found

        wait(lambda: build()["buildStatus"] != "IN_PROGRESS", RUN_SECONDS)
        assert build()["buildStatus"] == "SUCCEEDED", build()
        [done] = build()["exportedEnvironmentVariables"]
        return set(done["value"].split(","))

    @contextmanager
    def protected(self, needed: int, *approvers: str) -> Iterator[None]:
        """Let the branch wait for people's approval for a while."""
        branches = self.settings.read()["branches"]
        branches[BRANCH] |= {"protected": True, "approvers": approvers, "needed": needed}
        with self.settings.changed(branches=branches):
            yield

    @cached_property
    def tasks(self) -> dict[str, dict[str, Any]]:
        """The machine's tasks by name."""
        found = self.states.describe_state_machine(stateMachineArn=self.outputs["state_machine_arn"])
        return {state.name: state.body for state in walk(json.loads(found["definition"])) if "Resource" in state.body}

    def arm(self, task: str, times: int = 1, **fate: Any) -> None:
        """Let a task's next calls end in an `error`, or with a `result`, before anything is done."""
        body = self.tasks[task]
        asked = body["Arguments"]
        when = {name: asked[name] for name in _WHOM if name in asked}
        resource = body["Resource"].removesuffix(".waitForTaskToken")
        hook(self.engine, "faults", resource=resource, times=times, when=when, **fate)

    def start(self, event: object) -> str:
        """Start the machine with an event of the test's own; return the execution."""
        machine = self.outputs["state_machine_alias"]
        started = self.states.start_execution(stateMachineArn=machine, input=json.dumps(event))
        return str(started["executionArn"])

    def end(self, execution: str) -> Delivery:
        """Wait for the end of an execution."""
        return Delivery(self, wait_for_end(self.states, execution, RUN_SECONDS))
