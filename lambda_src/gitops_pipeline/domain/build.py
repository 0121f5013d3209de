"""A build as Step Functions tells of it: in the result of a task that waited for it, or in the cause of its failure."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Build:
    """How a build ended, and at what; `log` is its address in the console, "" if there is none."""

    build_id: str
    status: str
    log: str = ""
    troubles: tuple[str, ...] = ()

    @classmethod
    def from_document(cls, document: object) -> "Build | None":
        """Read CodeBuild's build in Step Functions' PascalCase; None for anything else."""
        if not isinstance(document, Mapping) or "BuildStatus" not in document:
            return None
        return cls(
            build_id=str(document.get("Id") or ""),
            status=str(document["BuildStatus"]),
            log=str(_mapping(document.get("Logs")).get("DeepLink") or ""),
            troubles=tuple(_troubles(document.get("Phases"))),
        )

    @classmethod
    def from_cause(cls, cause: str) -> "Build | None":
        """Read an error's cause; None if that is no build's. It is not documented whether the build is wrapped."""
        document: object = None
        with suppress(ValueError, RecursionError):  # most causes are texts
            document = json.loads(cause)
        return cls.from_document(_mapping(document).get("Build", document))

    @property
    def sentence(self) -> str:
        """How the build ended, and in which of its phases at what."""
        return "; ".join([f"{self.build_id or 'the build'} ended as {self.status}", *self.troubles])


def _troubles(phases: object) -> list[str]:
    """Return what was wrong in each phase that did not succeed."""
    return [
        f"{phase.get('PhaseType')}: {context.get('Message')}"
        for phase in map(_mapping, _list(phases))
        for context in map(_mapping, _list(phase.get("Contexts")))
        if phase.get("PhaseStatus") not in {None, "SUCCEEDED"} and context.get("Message")
    ]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
