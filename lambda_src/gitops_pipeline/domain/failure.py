"""Says in one sentence why a run failed, from what Step Functions caught."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gitops_pipeline.domain.build import Build
from shared.redaction import redacted

_CLIPPED = 1000


@dataclass(frozen=True)
class Failure:
    """The error's name and a sentence, short enough for a notification and without secrets.

    `log` is a build's, `state` the state that failed; "" if there is none.
    """

    error: str
    cause: str
    log: str = ""
    state: str = ""

    @classmethod
    def from_caught(cls, caught: Mapping[str, Any]) -> "Failure":
        """Read `$states.errorOutput` and its `State`: a function's cause is JSON with a message, a build's a build."""
        error, text = str(caught.get("Error") or "Unknown"), str(caught.get("Cause") or "")
        state = str(caught.get("State") or "")
        if build := Build.from_cause(text):
            return cls(error, redacted(build.sentence)[:_CLIPPED], build.log, state)
        document: object = None
        with suppress(ValueError, RecursionError):  # a text of Step Functions' own is the cause as it stands
            document = json.loads(text)
        if isinstance(document, dict):
            text = str(document.get("errorMessage", text))
        return cls(error, redacted(text)[:_CLIPPED], state=state)
