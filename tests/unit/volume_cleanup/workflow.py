"""The volume clean-up without its machine: handlers in this process, and what the machine does with their answers."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.clients import client
from shared.faults import TransientFailure
from shared.operations.moments import iso
from tests.support import functions
from tests.support.functions import Context
from tests.unit.volume_cleanup.aws import CloudTrail, Ec2, Killed, States, Table, Topic
from volume_cleanup.handlers import (
    check_snapshots,
    delete_volumes,
    mark_volumes,
    notify_owners,
    plan_cleanup,
    report_cleanup,
    snapshot_volumes,
)

HANDLERS = (
    check_snapshots, delete_volumes, mark_volumes, notify_owners, plan_cleanup, report_cleanup, snapshot_volumes,
)  # fmt: skip
BUCKET, PARAMETER = "workflows-volume-cleanup", "/workflows/volume_cleanup/settings"
ENVIRONMENT = functions.ENVIRONMENT | {
    "POWERTOOLS_SERVICE_NAME": "volume_cleanup",
    "BUCKET": BUCKET,
    "LEDGER_TABLE": "ledger",
    "SETTINGS_PARAMETER": PARAMETER,
    "TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:workflows-volume-cleanup",
}
AT_ONCE = {"burst": 1_000_000, "per_second": 1_000_000}
RULES: dict[str, Any] = {
    "dry_run": False,
    "min_detached_days": 14,
    "grace_days": 7,
    "limits": {"max_count": 5000, "max_gib": 500_000, "max_percent": 100},
    "prices": {"gp3": "0.08"},
    "rates": dict.fromkeys(("CreateTags", "CreateSnapshot", "DeleteVolume", "Publish"), AT_ONCE),
}
START = datetime(2026, 11, 23, 3, tzinfo=UTC)
SECONDS = 300
_ROUNDS = 200


@dataclass
class Workflow:
    """An account with volumes, a clock, and runs of the clean-up."""

    now: datetime = START
    ec2: Ec2 = field(default_factory=Ec2)
    table: Table = field(default_factory=Table)
    trail: CloudTrail = field(default_factory=CloudTrail)
    topic: Topic = field(default_factory=Topic)
    states: States = field(default_factory=States)
    runs: int = 0
    cuts: Counter[str] = field(default_factory=Counter)

    def create(self) -> None:
        client("s3").create_bucket(Bucket=BUCKET)
        self.agree()

    def agree(self, **changes: Any) -> None:
        value = json.dumps(RULES | changes)
        client("ssm").put_parameter(Name=PARAMETER, Value=value, Type="String", Overwrite=True)

    def pass_time(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    def detached(self, volume_id: str, at: datetime, error: str | None = None) -> None:
        """Let CloudTrail know of a DetachVolume."""
        detail = {"requestParameters": {"volumeId": volume_id}} | ({"errorCode": error} if error else {})
        self.trail.events.append({"EventTime": at, "CloudTrailEvent": json.dumps(detail)})

    def marked(self, volume_id: str, **changes: Any) -> str:
        """Return a volume that is due: seen unattached a month ago, marked ten days ago."""
        tags = changes.pop("tags", {}) | {
            "cleanup-marked-at": iso(self.now - timedelta(days=10)),
            "cleanup-delete-after": iso(self.now - timedelta(days=3)),
        }
        self.saw(volume_id, days_ago=30)
        return self.ec2.add(volume_id, tags=tags, **changes)

    def saw(self, volume_id: str, days_ago: int) -> None:
        """Let an earlier run have seen a volume unattached."""
        row = {"run_id": {"S": "#seen"}, "resource_id": {"S": volume_id}}
        self.table.put_item(Item=row | {"memory": {"S": iso(self.now - timedelta(days=days_ago))}})

    # What the machine does

    def plan(self) -> dict[str, Any]:
        self.runs += 1
        name = f"run-{self.runs}"
        execution = {"Id": f"arn:aws:states:us-east-1:000000000000:execution:volume-cleanup:{name}", "Name": name}
        return plan_cleanup.handler({"execution": execution}, Context(SECONDS))

    def page_keys(self, run: dict[str, Any]) -> list[str]:
        return [each["key"] for each in self.read(run["pages_key"])]

    def until_done(self, module: Any, event: dict[str, Any], seconds: float = SECONDS) -> dict[str, Any]:
        """Run a step as often as the machine would: again after what passes, again until it is done."""
        for _ in range(_ROUNDS):
            try:
                answer: dict[str, Any] = module.handler(event, Context(seconds))
            except Killed:
                self.cuts["killed"] += 1
                self.pass_time(seconds=2)
            except TransientFailure:
                self.cuts["transient"] += 1
                self.pass_time(seconds=2)
            else:
                if answer.get("done", True):
                    return answer
                self.cuts["again"] += 1
                self.pass_time(seconds=max(1, answer["wait_seconds"]))
        raise AssertionError(f"{module.__name__} does not come to an end")

    def process(self, page_key: str, looks: int = 5) -> None:
        event = {"page_key": page_key}
        if self.until_done(mark_volumes, event)["deletions"]:
            self.until_done(snapshot_volumes, event)
            for _ in range(looks):
                self.pass_time(seconds=60)
                self.ec2.complete()
                if self.until_done(check_snapshots, event)["pending"] == 0:
                    break
            self.until_done(delete_volumes, event)

    def finish(self, run: dict[str, Any], failure: dict[str, str] | None = None) -> dict[str, Any]:
        if run["pages"] and not failure:
            self.until_done(notify_owners, {"run_id": run["run_id"]})
        answer = report_cleanup.handler({"run_id": run["run_id"], "failure": failure or {}}, Context())
        return {**self.read(f"reports/{run['run_id']}.json"), "told": answer}

    def run(self) -> dict[str, Any]:
        """Do a whole run; return its report."""
        run = self.plan()
        for page_key in self.page_keys(run):
            self.process(page_key)
        return self.finish(run)

    def read(self, key: str) -> Any:
        return json.loads(client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())


def entry(report: dict[str, Any], volume_id: str) -> dict[str, Any]:
    """Return the one entry of a volume."""
    (found,) = (each for each in report["entries"] if each["resource_id"] == volume_id)
    return dict(found)
