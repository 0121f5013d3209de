"""Says in one sentence why a run failed, from what Step Functions caught."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

_CLIPPED = 1000


@dataclass(frozen=True)
class Failure:
    """The error's name and a sentence, short enough for a notification and the ledger."""

    error: str
    cause: str

    @classmethod
    def from_caught(cls, caught: Mapping[str, Any]) -> "Failure":
        """Read `$states.errorOutput`; a function's cause is a JSON document with the message inside."""
        cause = str(caught.get("Cause") or "")
        with suppress(KeyError, TypeError, ValueError):  # a text of Step Functions' own is the cause as it stands
            cause = json.loads(cause)["errorMessage"]
        return cls(str(caught.get("Error") or "Unknown"), cause[:_CLIPPED])
