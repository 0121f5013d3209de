"""Drives a secret that `modules/rotating_secret` keeps: its rotation, and the watch over its age."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from scripts.local_engine import Engine
from scripts.rotation import RotatedSecret
from tests.e2e.approvals import wait
from tests.engine.hooks import hook


@dataclass(frozen=True)
class KeptSecret(RotatedSecret):
    """A secret of an applied environment, with the function that keeps it."""

    function: str
    engine: Engine

    @property
    def described(self) -> dict[str, Any]:
        """What Secrets Manager says of it."""
        return dict(self.deployment.client("secretsmanager").describe_secret(SecretId=self.name))

    def stages(self) -> dict[str, list[str]]:
        """Return the stages of each version that has any."""
        return dict(self.described["VersionIdsToStages"])

    def leave_pending(self, value: str) -> str:
        """Leave a value that is to be next, as a rotation does that was cut off; return its version."""
        version = str(uuid4())
        self.deployment.client("secretsmanager").put_secret_value(
            SecretId=self.name, ClientRequestToken=version, SecretString=value, VersionStages=["AWSPENDING"]
        )
        return version

    def keep(self, step: str) -> Any:
        """Call the function that keeps it, as Terraform and people do; return its answer."""
        event = json.dumps({"SecretId": self.described["ARN"], "Step": step}).encode()
        functions = self.deployment.client("lambda")
        answer = functions.invoke(FunctionName=self.function, Qualifier="live", Payload=event)
        assert "FunctionError" not in answer
        return json.load(answer["Payload"])

    def grow_old(self, days: float) -> None:
        """Let all values be as old."""
        since = datetime.now(UTC) - timedelta(days=days)
        hook(self.engine, "secrets", arn=self.described["ARN"], since=since.isoformat())

    @property
    def watch(self) -> str:
        """How the schedule that measures the age and the alarm on it are called."""
        return f"{self.name.replace('/', '-')}-age"

    def alarm(self) -> dict[str, Any]:
        """Return the alarm on the age."""
        [alarm] = self.deployment.client("cloudwatch").describe_alarms(AlarmNames=[self.watch])["MetricAlarms"]
        return dict(alarm)

    def measure(self) -> None:
        """Have the age measured, as each hour."""
        hook(self.engine, "schedules", name=self.watch, group=self.watch)

    def measure_until(self, state: str) -> str:
        """Have the age measured until the alarm says so; return why."""

        return self.becomes(state, self.measure)

    def becomes(self, state: str, meanwhile: Callable[[], object] = lambda: None) -> str:
        """Wait until the alarm says so; return why."""

        def says() -> str:
            meanwhile()
            alarm = self.alarm()
            return str(alarm["StateReason"]) if alarm["StateValue"] == state else ""

        return wait(says)


def assert_gives_way(secret: KeptSecret, bad: str) -> None:
    """A value that never will do is given up by the next attempt; what counts stays, and can be replaced again."""
    before = secret.current()
    left = secret.leave_pending(bad)
    assert secret.begin() is None, "Secrets Manager tries the old rotation again"
    wait(lambda: left not in secret.stages())
    assert secret.current() == before
    assert secret.rotate()


def assert_is_cleared(secret: KeptSecret, left_behind: str) -> None:
    """What a cancelled rotation left is cleared by the secret's function; where there is a value, no other is made."""
    before = secret.current()
    left = secret.leave_pending(left_behind)
    assert secret.keep("begin") == {}
    assert left not in secret.stages()
    assert secret.current() == before
