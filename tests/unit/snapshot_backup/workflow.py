"""The snapshot workflow without its machine: handlers in this process, EC2 played by a fake, the rest by moto."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from shared.clients import client
from shared.operations.moments import iso
from snapshot_backup.handlers import (
    check_drill,
    check_snapshots,
    copy_snapshots,
    create_snapshots,
    delete_snapshots,
    end_drill,
    environment,
    plan_backup,
    plan_retention,
    report_backup,
    start_drill,
)
from tests.support import functions
from tests.support.functions import Context
from tests.unit.snapshot_backup.aws import AWAY, HOME, Json, Killed, World

HANDLERS = (end_drill, environment, plan_backup, start_drill)
BUCKET, LEDGER, PARAMETER = "workflows-snapshot-backup", "ledger", "/workflows/snapshot_backup/settings"
WORKFLOW = "workflows-snapshot-backup"
ENVIRONMENT = functions.ENVIRONMENT | {
    "POWERTOOLS_SERVICE_NAME": "snapshot_backup",
    "BUCKET": BUCKET,
    "LEDGER_TABLE": LEDGER,
    "SETTINGS_PARAMETER": PARAMETER,
    "WORKFLOW": WORKFLOW,
}
SETTINGS: Json = {
    "dry_run": False,
    "time_zone": "Europe/Berlin",
    "copy_region": "",
    "policies": {"gold": {"daily": 3, "weekly": 2, "monthly": 2, "rpo_hours": 26}},
    "limits": {"max_count": 100, "max_gib": 10_000, "max_percent": 100},
    "prices": {"snapshot": "0.05"},
}


@dataclass
class Workflow:
    """EC2, settings, and `run`, which does what the state machine does."""

    world: World
    settings: Json = field(default_factory=lambda: SETTINGS | {})
    running: set[str] = field(default_factory=set)

    def create(self) -> None:
        client("dynamodb").create_table(
            TableName=LEDGER,
            KeySchema=[
                {"AttributeName": "run_id", "KeyType": "HASH"},
                {"AttributeName": "resource_id", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("run_id", "resource_id")],
            BillingMode="PAY_PER_REQUEST",
        )
        self.agree()

    def agree(self, **changes: Any) -> None:
        self.settings |= changes
        value = json.dumps(self.settings)
        client("ssm").put_parameter(Name=PARAMETER, Value=value, Type="String", Overwrite=True)

    def execution(self, name: str = "", slot: str = "") -> Json:
        moment = iso(self.world.now)
        arn = f"arn:aws:states:us-east-1:000000000000:execution:workflows-snapshot-backup:{name or moment}"
        given = {"slot": slot} if slot else {}
        return {"Id": arn, "Name": name or moment, "StartTime": moment, "Input": {"task": "backup", **given}}

    def plan(self, execution: Json) -> Json:
        return plan_backup.handler({"execution": execution}, Context())

    def make(self, run: Json) -> list[Json]:
        """Let every page make its snapshots; return how many are pending."""
        pages = [{"key": each["key"], "slot": run["slot"]} for each in self.read(run["pages_key"])]
        for page in pages:
            self.until_done(create_snapshots.handler, page)
        return [check_snapshots.handler(page, Context()) for page in pages]

    def keep(self, execution: Json) -> Json:
        keeping = plan_retention.handler({"execution": execution}, Context())
        for each in self.read(keeping["pages_key"]):
            self.until_done(copy_snapshots.handler, {"key": each["key"]})
            self.until_done(delete_snapshots.handler, {"key": each["key"]})
        return keeping

    def run(self, execution: Json | None = None) -> Json:
        """Make, complete, keep, report: what the machine does from PlanBackup on."""
        execution = execution or self.execution()
        self.make(self.plan(execution))
        self.world.complete()
        self.keep(execution)
        return self.report(execution)

    def report(self, execution: Json, failure: Json | None = None) -> Json:
        event = {"execution": execution} | ({"failure": failure} if failure else {})
        told = report_backup.handler(event, Context())
        return told | {"document": self.read(told["report"].removeprefix(f"s3://{BUCKET}/"))}

    def until_done(self, handler: Any, page: Json) -> None:
        for _ in range(9):
            progress = handler(page, Context())
            if progress["done"]:
                return
            self.world.now += timedelta(seconds=max(1, progress["wait_seconds"]))
        raise AssertionError("the page is never done")

    def killed(self, after: str, handler: Any, event: Json) -> None:
        """Let the function's process end right after a call."""
        self.world.kills.add(after)
        with suppress(Killed):
            handler(event, Context())
            raise AssertionError("it was not killed")

    def night(self, nights: int = 1) -> Json:
        """Let some nights pass, each with a run."""
        for _ in range(nights):
            self.world.now += timedelta(days=1)
            told = self.run()
        return told

    def drill(self, name: str = "drill-1") -> Json:
        """Do what the machine does for a drill."""
        execution = self.execution(name)
        drill = start_drill.handler({"execution": execution}, Context())
        check: Json = {"pending": False, "faults": []}
        if not drill["dry_run"]:
            check = check_drill.handler({"drill": drill}, Context())
            for each in self.world.volumes.values():
                each["State"] = self.world.restored_state if each["State"] == "creating" else each["State"]
            check = check_drill.handler({"drill": drill}, Context()) if check["pending"] else check
        return end_drill.handler({"execution": execution, "drill": drill, "check": check}, Context())

    def read(self, key: str) -> Any:
        return json.loads(self.world.bucket.objects[key])

    def days(self, region: str = HOME) -> list[str]:
        return sorted(f"{each['StartTime']:%m-%d}" for each in self.world.of(region))

    def copied(self) -> list[str]:
        tags = [{tag["Key"]: tag["Value"] for tag in each["Tags"]} for each in self.world.of(AWAY)]
        return sorted(each["backup-copy-of"] for each in tags)
