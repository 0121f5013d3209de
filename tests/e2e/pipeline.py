"""Drives the ETL pipeline and gathers all that a run leaves behind."""

import csv
import io
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from scripts.deployment import Deployment
from scripts.executions import entered, history, started_by, wait_for_end
from scripts.inbox import Inbox, Notification
from tests.e2e.ended import Ended

RUN_SECONDS = 120


@dataclass(frozen=True)
class Upload:
    """An object version under `incoming/`."""

    bucket: str
    key: str
    version_id: str

    @property
    def object_version(self) -> str:
        return f"{self.bucket}/{self.key}@{self.version_id}"


@dataclass(frozen=True)
class Run(Ended):
    """A finished execution of the pipeline."""

    pipeline: "Pipeline"
    upload: Upload
    execution: dict[str, Any]

    @property
    def run_id(self) -> str:
        return self.name

    @cached_property
    def states(self) -> list[str]:
        """The names of the states it entered, in order."""
        return entered(history(self.pipeline.states, self.arn))

    @cached_property
    def ledger(self) -> dict[str, str]:
        """The run ledger's entry of the object version, as text; empty when there is none."""
        key = {"object_version": {"S": self.upload.object_version}}
        item = self.pipeline.dynamodb.get_item(TableName=self.pipeline.outputs["runs_table"], Key=key).get("Item", {})
        return {name: next(iter(value.values())) for name, value in item.items()}

    @property
    def counts(self) -> tuple[int, int, int]:
        """Rows read, loaded and rejected, as the ledger has them."""
        read, loaded, rejected = (int(self.ledger[f"rows_{what}"]) for what in ("read", "loaded", "rejected"))
        return read, loaded, rejected

    @cached_property
    def notification(self) -> Notification | None:
        return self.pipeline.inbox.wait_for(self.run_id)

    def objects(self, prefix: str) -> dict[str, bytes]:
        """Return the objects of this run below `prefix`, by their last segment."""
        listed = self.pipeline.s3.list_objects_v2(Bucket=self.upload.bucket, Prefix=prefix).get("Contents", [])
        keys = [found["Key"] for found in listed if self.run_id in found["Key"]]
        return {key.rsplit("/", 1)[-1]: self.pipeline.read(key) for key in keys}

    @cached_property
    def rejects(self) -> list[dict[str, str]]:
        """The reject report's rows."""
        return list(csv.DictReader(io.StringIO(self.objects("reports/")["rejects.csv"].decode())))


class Pipeline:
    """The applied ETL workflow."""

    def __init__(self, deployment: Deployment, inbox: Inbox) -> None:
        self.outputs: dict[str, Any] = deployment.outputs["etl_pipeline"]
        self.inbox = inbox
        self.deployment = deployment
        self.s3 = deployment.client("s3")
        self.dynamodb = deployment.client("dynamodb")
        self.states = deployment.client("stepfunctions")

    def upload(self, dataset: str, body: bytes, name: str = "rows.csv") -> Upload:
        """Put a new object under `incoming/<dataset>/`."""
        key = f"incoming/{dataset}/{uuid4().hex[:8]}-{name}"
        version = self.s3.put_object(Bucket=self.outputs["bucket"], Key=key, Body=body)["VersionId"]
        return Upload(self.outputs["bucket"], key, version)

    def started(self, upload: Upload) -> str:
        """Return the ARN of the execution that the upload's event started."""
        return started_by(self.states, self.outputs["state_machine_arn"], upload.version_id, RUN_SECONDS)

    def finished(self, upload: Upload, execution_arn: str) -> Run:
        """Wait for an execution's end and gather what its run left behind."""
        return Run(self, upload, self.wait(execution_arn))

    def wait(self, execution_arn: str) -> dict[str, Any]:
        """Wait for an execution's end; return its description."""
        return wait_for_end(self.states, execution_arn, RUN_SECONDS)

    def run(self, dataset: str, body: bytes, name: str = "rows.csv") -> Run:
        """Upload, and wait for the end of the run that the upload's event starts."""
        upload = self.upload(dataset, body, name)
        return self.finished(upload, self.started(upload))

    def start_again(self, run: Run) -> Run:
        """Deliver the event of `run` once more, as EventBridge may at any time."""
        return self.deliver_again(run.upload, run.execution["executionArn"])

    def deliver_again(self, upload: Upload, execution_arn: str) -> Run:
        """Deliver the event that started an execution once more, whatever that execution does meanwhile."""
        event = self.states.describe_execution(executionArn=execution_arn)["input"]
        machine = self.outputs["state_machine_alias"]
        again = self.states.start_execution(stateMachineArn=machine, input=event)
        return self.finished(upload, again["executionArn"])

    def read(self, key: str) -> bytes:
        """Return an object's content."""
        content: bytes = self.s3.get_object(Bucket=self.outputs["bucket"], Key=key)["Body"].read()
        return content

    def log_lines(self, function: str) -> list[dict[str, Any]]:
        """Return all that a function logged in JSON, oldest first."""
        pages = self.deployment.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=f"/aws/lambda/{function}")
        return [json.loads(event["message"]) for page in found for event in page["events"]]

    def record(self, dataset: str, key: str) -> dict[str, Any]:
        """Return a loaded record in DynamoDB's JSON, without its own key; empty when there is none."""
        wanted = {"record_key": {"S": f"{dataset}#{key}"}}
        item = self.dynamodb.get_item(TableName=self.outputs["records_table"], Key=wanted).get("Item", {})
        return {name: value for name, value in item.items() if name != "record_key"}
