"""Drives the tagging workflow: hands it what CloudTrail records, and looks at whose everything became."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Self

from scripts.deployment import Deployment
from scripts.local_account import TRAIL
from scripts.local_engine import Engine
from tests.e2e.account import Account
from tests.e2e.approvals import wait

# What GetSchedule tells and UpdateSchedule does not take.
READ_ONLY = {"Arn", "CreationDate", "LastModificationDate", "ResponseMetadata"}


class Tagging(Account):
    """The applied tagging workflow, in an account whose trail logs."""

    def __init__(self, deployment: Deployment, engine: Engine) -> None:
        super().__init__(deployment, engine)
        self.outputs: dict[str, Any] = deployment.outputs["resource_tagging"]
        self.function: str = self.outputs["function_names"]["tag_resources"]
        self.trail = deployment.client("cloudtrail")

    def __enter__(self) -> Self:
        super().__enter__()
        self.trail.start_logging(Name=TRAIL)
        self.end.callback(self.trail.stop_logging, Name=TRAIL)
        return self

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """Let EventBridge hear of no call for a while, as before there was a trail."""
        self.trail.stop_logging(Name=TRAIL)
        try:
            yield
        finally:
            self.trail.start_logging(Name=TRAIL)

    def owner(self, resource_id: str) -> tuple[str, str]:
        """Wait until something has an owner; return the owner, and how it was found."""
        wait(lambda: "owner" in self.tags(resource_id))
        tags = self.tags(resource_id)
        return tags["owner"], tags.get("owner-found-by", "")

    def recorded(self, value: str, call: str, attribute: str = "ResourceName") -> list[dict[str, Any]]:
        """Return what CloudTrail recorded of a call that touched something, or has another attribute."""
        wanted = [{"AttributeKey": attribute, "AttributeValue": value}]
        found = self.trail.lookup_events(LookupAttributes=wanted)["Events"]
        return [json.loads(event["CloudTrailEvent"]) for event in found if event["EventName"] == call]

    def told(self, text: str) -> list[dict[str, Any]]:
        """Return what was logged when calls had been dealt with, if it has that text in it."""
        return self._logged("tag_resources", "a call is dealt with", text)

    def _logged(self, function: str, *texts: str) -> list[dict[str, Any]]:
        group = f"/aws/lambda/{self.outputs['function_names'][function]}"
        pages = self.deployment.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=group, filterPattern=" ".join(f'"{text}"' for text in texts))
        return [json.loads(event["message"]) for page in found for event in page["events"]]

    def deliver(self, record: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Hand the function what CloudTrail recorded of a call, as EventBridge may do again at any time."""
        event = json.dumps({"detail": record, **more})
        answer = self.deployment.client("lambda").invoke(FunctionName=self.function, Qualifier="live", Payload=event)
        document: dict[str, Any] = json.load(answer["Payload"])
        return document

    def measure(self) -> dict[str, Any]:
        """Count the resources that have an owner."""
        name = self.outputs["function_names"]["measure_coverage"]
        answer = self.deployment.client("lambda").invoke(FunctionName=name, Qualifier="live", Payload="{}")
        document: dict[str, Any] = json.load(answer["Payload"])
        return document

    def count_until(self, state: str) -> None:
        """Count the resources again and again, until the alarm has a state."""
        wait(lambda: self.measure() and self.alarm()["StateValue"] == state)

    def counted(self) -> list[dict[str, Any]]:
        """Return what was logged when the resources were counted."""
        return self._logged("measure_coverage", "the resources are counted")

    def back_date(self, resources: Iterable[str], call: str, moment: datetime) -> None:
        """Make recorded calls older, as only time does."""
        self.hook("cloudtrail/events", resources=list(resources), event=call, time=moment.isoformat())

    @contextmanager
    def hasty(self, seconds: int) -> Iterator[None]:
        """Give the function less time for a while, so that it loses its patience soon."""
        functions, name = self.deployment.client("lambda"), {"FunctionName": self.function}
        before = functions.get_alias(**name, Name="live")["FunctionVersion"]
        usual = functions.get_function_configuration(**name)["Timeout"]
        functions.update_function_configuration(**name, Timeout=seconds)
        functions.update_alias(**name, Name="live", FunctionVersion=functions.publish_version(**name)["Version"])
        try:
            yield
        finally:
            functions.update_function_configuration(**name, Timeout=usual)
            functions.update_alias(**name, Name="live", FunctionVersion=before)

    @contextmanager
    def impatient(self) -> Iterator[str]:
        """Let the schedule give up at its first failure for a while, and begin; what is yielded is its name."""
        scheduler, name = self.deployment.client("scheduler"), self.outputs["schedule"]
        usual = scheduler.get_schedule(Name=name, GroupName=name)
        kept = {key: value for key, value in usual.items() if key not in READ_ONLY}
        never = usual["Target"] | {"RetryPolicy": usual["Target"]["RetryPolicy"] | {"MaximumRetryAttempts": 0}}
        scheduler.update_schedule(**kept | {"Target": never})
        try:
            yield name
        finally:
            scheduler.update_schedule(**kept)

    def failed(self) -> Iterator[dict[str, Any]]:
        """Take the failure queue's messages."""
        yield from self._messages(f"{self.function}-failures")

    def undelivered(self) -> Iterator[dict[str, Any]]:
        """Take what the schedule did not start."""
        yield from self._messages(f"{self.outputs['schedule']}-schedule-undelivered")

    def _messages(self, name: str) -> Iterator[dict[str, Any]]:
        """Take from a queue what comes, until nothing does for a second."""
        sqs = self.deployment.client("sqs")
        queue = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        while found := sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages"):
            for message in found:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                yield json.loads(message["Body"])

    def is_unheard(self) -> bool:
        """Tell whether the alarm is raised because nobody counts."""
        alarm = self.alarm()
        return alarm["StateValue"] == "ALARM" and "no datapoints" in alarm["StateReason"]

    def alarm(self) -> dict[str, Any]:
        """Return the alarm on the coverage."""
        names = [f"{self.deployment.outputs['foundation']['name']}-resource-tagging-coverage"]
        found = self.deployment.client("cloudwatch").describe_alarms(AlarmNames=names)
        alarm: dict[str, Any] = found["MetricAlarms"][0]
        return alarm
