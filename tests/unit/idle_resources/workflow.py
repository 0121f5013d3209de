"""The workflow without its machine: handlers in this process, and what the machine does with their answers."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from idle_resources.handlers import (
    plan_idle,
    report_idle,
    scale_groups,
    start_instances,
    stop_instances,
    warn_owners,
)
from shared.clients import client
from tests.support import functions
from tests.support.functions import Context
from tests.unit.idle_resources.aws import AutoScaling, CloudWatch, Ec2
from tests.unit.volume_cleanup.aws import Killed, States, Table, Topic

HANDLERS = (plan_idle, report_idle, scale_groups, start_instances, stop_instances, warn_owners)
STEPS = (start_instances, scale_groups, stop_instances, warn_owners)
BUCKET, PARAMETER = "workflows-idle-resources", "/workflows/idle_resources/settings"
ENVIRONMENT = functions.ENVIRONMENT | {
    "POWERTOOLS_SERVICE_NAME": "idle_resources",
    "BUCKET": BUCKET,
    "LEDGER_TABLE": "ledger",
    "SETTINGS_PARAMETER": PARAMETER,
    "TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:workflows-idle-resources",
    "WORKFLOW": "workflows-idle-resources",
}
AT_ONCE = {"burst": 1_000_000, "per_second": 1_000_000}
RULES: dict[str, Any] = {
    "dry_run": False,
    "calendars": {
        "office": {
            "time_zone": "Europe/Berlin",
            "working": {"mon-fri": "07:00-19:00"},
            "holidays": ["2026-12-25"],
        },
    },
    "idle": {"cpu_percent": 5, "network_bytes": 1_000_000, "hours": 24, "min_datapoints": 20, "min_uptime_hours": 24},
    "veto_minutes": 60,
    "limits": {"max_count": 100, "max_gib": 0, "max_percent": 100},
    "prices": {"t3.micro": "0.0104", "m5.large": "0.096"},
    "other_types": {"m5.large": ["m5a.large", "m6i.large"]},
    "rates": dict.fromkeys(("CreateTags", "StartInstances", "StopInstances", "Publish"), AT_ONCE),
}
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)  # Berlin is an hour ahead: people work from 06:00 to 18:00 UTC
_ROUNDS = 50


@dataclass
class Workflow:
    """An account with instances and groups, a clock, and runs of the workflow; it is Monday noon."""

    now: datetime = MONDAY + timedelta(hours=12)
    table: Table = field(default_factory=Table)
    topic: Topic = field(default_factory=Topic)
    states: States = field(default_factory=States)
    scaling: AutoScaling = field(default_factory=AutoScaling)
    watch: CloudWatch = field(default_factory=CloudWatch)
    waits: list[int] = field(default_factory=list)
    runs: int = 0

    def __post_init__(self) -> None:
        self.ec2 = Ec2(lambda: self.now)

    def create(self) -> None:
        client("s3").create_bucket(Bucket=BUCKET)
        self.agree()

    def agree(self, **changes: Any) -> None:
        value = json.dumps(RULES | changes)
        client("ssm").put_parameter(Name=PARAMETER, Value=value, Type="String", Overwrite=True)

    def at(self, hour: float, day: int = 0) -> "Workflow":
        """Turn the clock to a time of day in UTC, `day` days after Monday."""
        self.now = MONDAY + timedelta(days=day, hours=hour)
        return self

    def measured(self, instance_id: str, cpu: float = 1, network: float = 1000, hours: int = 30) -> str:
        """Let an instance have been as busy as this for some hours."""
        end = self.now.replace(minute=0, second=0, microsecond=0)
        series = {end - timedelta(hours=n): (cpu, network / 2, network / 2) for n in range(1, hours + 1)}
        self.watch.measured[instance_id] = series
        return instance_id

    # What the machine does

    def plan(self) -> dict[str, Any]:
        self.runs += 1
        name = f"run-{self.runs}"
        execution = {"Id": f"arn:aws:states:us-east-1:000000000000:execution:idle-resources:{name}", "Name": name}
        return plan_idle.handler({"execution": execution}, Context(300))

    def until_done(self, module: Any, run_id: str, seconds: float = 300) -> None:
        """Run a step as often as the machine would: again after a cut, again until it is done."""
        for _ in range(_ROUNDS):
            try:
                answer = module.handler({"run_id": run_id}, Context(seconds))
            except Killed:
                self.now += timedelta(seconds=400)  # Lambda has ended it by then
                continue
            if answer["done"]:
                return
            self.waits.append(answer["wait_seconds"])
            self.now += timedelta(seconds=max(1, answer["wait_seconds"]))
        raise AssertionError(f"{module.__name__} does not come to an end")

    def finish(self, run: dict[str, Any]) -> dict[str, Any]:
        failure = {"Error": "LimitsExceeded", "Cause": "; ".join(run["exceeded"])} if run["exceeded"] else {}
        told = report_idle.handler({"run_id": run["run_id"], "failure": failure}, Context())
        key = f"reports/{run['run_id']}.json"
        return {**json.loads(client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()), "told": told}

    def run(self) -> dict[str, Any]:
        """Do a whole run; return its report."""
        run = self.plan()
        if not (run["exceeded"] or run["dry_run"]):
            for step in STEPS:
                self.until_done(step, run["run_id"])
        return self.finish(run)


def outcome(report: dict[str, Any], resource_id: str) -> tuple[str, str]:
    """Return what became of a resource, and why."""
    (found,) = (each for each in report["entries"] if each["resource_id"] == resource_id)
    return found["outcome"], found["reason"]
