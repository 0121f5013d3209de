"""One run: an execution of the state machine that loads one object version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Run:
    """Who is at work: `id` is the execution's name; `started_at` is ISO 8601 in UTC."""

    id: str
    execution_arn: str
    started_at: str

    @classmethod
    def from_context(cls, execution: Mapping[str, Any]) -> "Run":
        """Read the `Execution` part of Step Functions' context object."""
        return cls(execution["Name"], execution["Id"], execution["StartTime"])
