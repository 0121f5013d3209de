"""Whether an instance is idle, by what CloudWatch measured; without enough measurements nothing is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.typed import decoded


@dataclass(frozen=True)
class Usage:
    """The busiest hour of a window; `hours` is how many of its hours have all measurements."""

    hours: int
    cpu_percent: Decimal
    network_bytes: Decimal


@dataclass(frozen=True)
class _Written:
    """What the settings say of it; a window has that many hours."""

    cpu_percent: Decimal
    network_bytes: Decimal
    hours: int
    min_datapoints: int | None
    min_uptime_hours: int | None


@dataclass(frozen=True)
class Idleness:
    """Below what an instance is idle: its processors' maximum and its network's sum, in each hour of a window."""

    cpu_percent: Decimal
    network_bytes: Decimal
    window: timedelta
    min_hours: int
    min_uptime: timedelta

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Idleness":
        """Read the settings. Raises `BadDocument`."""
        written = decoded(_Written, document)
        hours, least, uptime = written.hours, written.min_datapoints, written.min_uptime_hours
        return cls(
            cpu_percent=written.cpu_percent,
            network_bytes=written.network_bytes,
            window=timedelta(hours=hours),
            min_hours=hours - 1 if least is None else least,
            min_uptime=timedelta(hours=hours if uptime is None else uptime),
        )

    def is_fresh(self, launched_at: datetime, now: datetime) -> bool:
        """Tell whether an instance has not run for long enough to be judged."""
        return now - launched_at < self.min_uptime

    def judge(self, usage: Usage | None) -> tuple[bool, str]:
        """Return whether an instance with this usage is idle, and why."""
        if usage is None or usage.hours < max(self.min_hours, 1):
            return False, f"too little is measured: {usage.hours if usage else 0} of {self.min_hours} hours"
        facts = f"at most {usage.cpu_percent:.1f} % CPU and {usage.network_bytes:,.0f} bytes an hour"
        idle = usage.cpu_percent < self.cpu_percent and usage.network_bytes < self.network_bytes
        return idle, f"{'idle' if idle else 'in use'}: {facts} in {usage.hours} hours"
