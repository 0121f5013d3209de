"""Drives the idle resources' workflow: settings, runs, what they tell and write down, and trouble for them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scripts.deployment import Deployment
from scripts.executions import ENDED, entered, history
from scripts.inbox import Inbox, Notification
from scripts.local_engine import Engine
from scripts.parameters import Parameter
from tests.e2e.approvals import PATIENCE_SECONDS, wait
from tests.e2e.ended import Ended
from tests.e2e.idle_machines import OFFICE, Machines
from tests.engine.hooks import hook

RUN_SECONDS = 120
ALWAYS = {"time_zone": "UTC", "working": {"mon-sun": "00:00-24:00"}}
NEVER: dict[str, Any] = {"time_zone": "UTC", "working": {}}
# What differs from the environment's settings unless a test says otherwise: a second run stops what one has warned of.
AGREED = {"dry_run": False, "veto_minutes": 0, "limits": {"max_count": 100, "max_gib": 0, "max_percent": 100}}


@dataclass(frozen=True)
class Run(Ended):
    """An execution that ended."""

    idle: "IdleResources"
    execution: dict[str, Any]

    @property
    def run_id(self) -> str:
        return self.name

    @property
    def failure(self) -> tuple[str, str]:
        """The error and the cause of a run that failed."""
        return str(self.execution["error"]), str(self.execution["cause"])

    @cached_property
    def entered(self) -> list[str]:
        """The names of the states it entered, in order."""
        return self.idle.entered(self.arn)

    @cached_property
    def report(self) -> dict[str, Any]:
        """The report that it wrote."""
        key = f"reports/{self.run_id}.json"
        stored = self.idle.client("s3").get_object(Bucket=self.idle.outputs["bucket"], Key=key)
        report: dict[str, Any] = json.load(stored["Body"])
        return report

    def entry(self, resource_id: str) -> dict[str, Any]:
        """Return what the report says of a resource."""
        [entry] = [each for each in self.report["entries"] if each["resource_id"] == resource_id]
        return dict(entry)

    def outcome(self, resource_id: str) -> str:
        """Return what became of a resource."""
        return str(self.entry(resource_id)["outcome"])

    def reason(self, resource_id: str) -> str:
        """Return why."""
        return str(self.entry(resource_id)["reason"])


class IdleResources(Machines):
    """The applied workflow, and machines for it; `inbox` listens to its topic."""

    def __init__(self, deployment: Deployment, engine: Engine, inbox: Inbox) -> None:
        super().__init__(deployment, engine)
        self.inbox = inbox
        self.outputs: dict[str, Any] = deployment.outputs["idle_resources"]
        self._states = self.client("stepfunctions")
        self._settings = Parameter(deployment, self.outputs["settings_parameter"])
        self._environment = self._settings.read()

    # Settings

    def agree(self, **changes: Any) -> None:
        """Change the settings, as an operator could, for the runs that begin from now on."""
        self._settings.write(self._environment | AGREED | changes)

    def office(self, *, open_now: bool, **changes: Any) -> None:
        """Change the settings, so that people work at the office now, or do not."""
        self.agree(calendars={"office": ALWAYS if open_now else NEVER}, **changes)

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Let no run begin but those that tests start: the schedule is switched off for a while."""
        scheduler = self.client("scheduler")
        found = scheduler.get_schedule(Name=self.outputs["schedule"], GroupName=self.outputs["schedule"])
        told = ("Name", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target")
        schedule = {key: found[key] for key in (*told, "Description")}
        scheduler.update_schedule(**schedule, State="DISABLED")
        try:
            wait(lambda: not self._running())
            yield
        finally:
            scheduler.update_schedule(**schedule, State="ENABLED")

    def _running(self) -> list[Any]:
        arn = self.outputs["state_machine_arn"]
        found: list[Any] = self._states.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]
        return found

    @contextmanager
    def put_right_again(self) -> Iterator[None]:
        """End what machines were made in the meantime, and go back to the environment's settings."""
        try:
            yield
        finally:
            self._settings.write(self._environment)
            self.end()

    def role(self, function: str) -> str:
        """Return the ARN of a function's role."""
        name = self.outputs["function_names"][function]
        arn: str = self.client("iam").get_role(RoleName=name)["Role"]["Arn"]
        return arn

    # Runs

    def start(self) -> str:
        """Start a run; return its execution's ARN."""
        arn: str = self._states.start_execution(stateMachineArn=self.outputs["state_machine_alias"])["executionArn"]
        return arn

    def ended(self, execution_arn: str) -> Run:
        """Wait for a run's end."""
        wait(lambda: self._describe(execution_arn)["status"] in ENDED, RUN_SECONDS)
        return Run(self, self._describe(execution_arn))

    def _describe(self, execution_arn: str) -> dict[str, Any]:
        found: dict[str, Any] = self._states.describe_execution(executionArn=execution_arn)
        return found

    def run(self) -> Run:
        """Start a run and wait for its end."""
        return self.ended(self.start())

    def on_schedule(self) -> Run:
        """Let the schedule start a run now, and wait for its end."""
        arn = self.outputs["state_machine_arn"]

        def executions() -> set[str]:
            pages = self._states.get_paginator("list_executions").paginate(stateMachineArn=arn)
            return {each["executionArn"] for page in pages for each in page["executions"]}

        before = executions()
        hook(self.engine, "schedules", name=self.outputs["schedule"], group=self.outputs["schedule"])
        wait(lambda: executions() - before)
        [started] = executions() - before
        return self.ended(started)

    def entered(self, execution_arn: str) -> list[str]:
        """Return the states that an execution entered so far, in order."""
        return entered(history(self._states, execution_arn))

    def stopped(self, *tags: dict[str, str], **request: Any) -> list[str]:
        """Launch instances of the office and let the workflow stop them; return their ids."""
        ids = self.launch(*[OFFICE | each for each in tags], **request)
        self.stop(*ids)
        return ids

    def stop(self, *ids: str) -> None:
        """Let the workflow warn of instances of the office and stop them."""
        self.office(open_now=False)
        for outcome in ("DONE WARN", "DONE STOP"):
            run = self.run()
            assert {run.outcome(each) for each in ids} == {outcome}, run.report
        self.reach("stopped", *ids)

    def mail(self, about: str, recipient: str, kind: str) -> Notification:
        """Return what a recipient was told about an instance, a group or a run."""
        mail = self.inbox.wait_for(about, PATIENCE_SECONDS, recipient=recipient, kind=kind)
        assert mail, f"{recipient} got no {kind} about {about}"
        return mail

    # Trouble

    def fail(self, resource: str, times: int, error: str, **when: str) -> None:
        """Let calls of an API, or of an integration of the machine, fail."""
        hook(self.engine, "faults", resource=resource, times=times, error=error, when=when)

    def fail_step(self, function: str, times: int = 1) -> None:
        """Let the machine's calls of a function fail."""
        region, account = self.outputs["state_machine_arn"].split(":")[3:5]
        arn = f"arn:aws:lambda:{region}:{account}:function:{self.outputs['function_names'][function]}:live"
        self.fail("arn:aws:states:::lambda:invoke", times, "Lambda.ServiceException", FunctionName=arn)

    def fail_telling(self, times: int = 1) -> None:
        """Let the machine's notifications fail."""
        topic = self.outputs["topic_arn"]
        self.fail("arn:aws:states:::sns:publish", times, "SNS.InternalErrorException", TopicArn=topic)

    @contextmanager
    def jammed(self, operation: str) -> Iterator[None]:
        """Let EC2 throttle every call of an operation for a while, so that a function is busy with it."""
        hook(self.engine, "ec2/rates", **{operation: {"burst": 0, "per_second": 0}})
        try:
            yield
        finally:
            hook(self.engine, "ec2/rates")

    # The ledger

    def rows(self, partition: str) -> dict[str, dict[str, str]]:
        """Return the ledger's rows of a run, or of what is remembered, by resource; their values as text."""
        found = self.client("dynamodb").query(
            TableName=self.outputs["ledger_table"],
            KeyConditionExpression="run_id = :partition",
            ExpressionAttributeValues={":partition": {"S": partition}},
        )["Items"]
        return {
            row["resource_id"]["S"]: {name: next(iter(value.values())) for name, value in row.items()} for row in found
        }

    def let_claims_pass(self, run_id: str) -> int:
        """Let so much time pass that the claims of a function that died hold no more; return how many there were."""
        held = [each for each, row in self.rows(run_id).items() if row["status"] == "ACTING"]
        for each in held:
            self.client("dynamodb").update_item(
                TableName=self.outputs["ledger_table"],
                Key={"run_id": {"S": run_id}, "resource_id": {"S": each}},
                UpdateExpression="SET held_until = :past",
                ConditionExpression="#status = :acting",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":past": {"N": "0"}, ":acting": {"S": "ACTING"}},
            )
        return len(held)
