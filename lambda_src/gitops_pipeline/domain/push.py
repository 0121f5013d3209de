"""One change of a reference, as CodeCommit's event tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitops_pipeline.domain.errors import UnexpectedEvent

_PUSHED = {"referenceCreated", "referenceUpdated"}


@dataclass(frozen=True)
class Push:
    """Who moved which reference from where to where; `commit` is "" after a deletion, `previous` of a new one.

    https://docs.aws.amazon.com/codecommit/latest/userguide/monitoring-events.html
    """

    repository: str
    branch: str
    commit: str
    previous: str
    pusher: str
    event: str
    kind: str

    @classmethod
    def from_detail(cls, detail: Mapping[str, Any]) -> "Push":
        """Read an event's `detail`. Raises `UnexpectedEvent`."""
        try:
            push = cls(
                repository=str(detail["repositoryName"]),
                branch=str(detail["referenceName"]),
                commit=str(detail.get("commitId", "")),
                previous=str(detail.get("oldCommitId", "")),
                pusher=str(detail.get("callerUserArn", "")),
                event=str(detail["event"]),
                kind=str(detail["referenceType"]),
            )
        except (AttributeError, KeyError, TypeError) as problem:
            raise UnexpectedEvent(f"not a change of a repository's reference: {problem!r}") from problem
        if push.event in _PUSHED and not push.commit:
            raise UnexpectedEvent(f"{push.event} without a commit")
        return push

    @classmethod
    def from_execution(cls, execution: Mapping[str, Any]) -> "Push":
        """Read the input that an execution was started with. Raises `UnexpectedEvent`."""
        started_with = execution.get("Input")
        return cls.from_detail(started_with.get("detail", {}) if isinstance(started_with, Mapping) else {})

    @property
    def key(self) -> str:
        """The ledger's partition: runs of one key wait for each other."""
        return f"{self.repository}#{self.branch}"

    @property
    def ignored(self) -> str:
        """Why no run follows from this change, whatever the settings say; "" if one may."""
        if self.kind != "branch":
            return f"a {self.kind} is not built"
        if self.event not in _PUSHED:
            return "the branch was deleted" if self.event == "referenceDeleted" else f"{self.event} is no push"
        return ""
