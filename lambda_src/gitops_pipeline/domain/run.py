"""One run: an execution of the state machine that takes one commit through the pipeline, with the rules it goes by."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from gitops_pipeline.domain.authorship import Authorship
from gitops_pipeline.domain.canary import Stage
from gitops_pipeline.domain.push import Push
from gitops_pipeline.domain.rules import Rules
from gitops_pipeline.domain.severity import Severity


def run_id(commit: str, execution_name: str) -> str:
    """Return a run's name: short enough for keys and client tokens, and another one for each execution."""
    return f"{commit[:12]}-{sha256(execution_name.encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class Run:
    """What all steps know of their run; `execution` is its ARN, `started_at` ISO 8601 in UTC.

    `previous` is where the branch was before, "" for a new one; `parent` is the commit that `commit` itself follows,
    "" for a repository's first.
    """

    run_id: str
    execution: str
    started_at: str
    repository: str
    branch: str
    commit: str
    previous: str
    parent: str
    pusher: str
    author: str
    message: str
    environment: str
    protected: bool
    approvers: tuple[str, ...]
    needed: int
    thresholds: Mapping[str, str]
    canary: tuple[Mapping[str, float], ...]
    lease_seconds: int

    @classmethod
    def begin(cls, push: Push, rules: Rules, execution: Mapping[str, Any], origin: Authorship) -> "Run":
        """Return the run of a push; `execution` is that part of Step Functions' context object."""
        branch = rules.branches[push.branch]
        return cls(
            run_id=run_id(push.commit, execution["Name"]),
            execution=execution["Id"],
            started_at=execution["StartTime"],
            repository=push.repository,
            branch=push.branch,
            commit=push.commit,
            previous=push.previous,
            parent=origin.parent,
            pusher=push.pusher,
            author=origin.author,
            message=origin.message,
            environment=branch.environment,
            protected=branch.protected,
            approvers=branch.approvers,
            needed=branch.needed,
            thresholds={scan: severity.name for scan, severity in rules.thresholds.items()},
            canary=tuple(stage.to_document() for stage in rules.canary),
            lease_seconds=rules.lease_seconds,
        )

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Run":
        """Read `to_document`'s."""
        lists = {"approvers": tuple(document["approvers"]), "canary": tuple(document["canary"])}
        return cls(**{**document, **lists})

    def to_document(self) -> dict[str, Any]:
        """Return the run as JSON."""
        return asdict(self) | {"approvers": list(self.approvers), "canary": [dict(stage) for stage in self.canary]}

    @property
    def key(self) -> str:
        """The ledger's partition."""
        return f"{self.repository}#{self.branch}"

    @property
    def severities(self) -> dict[str, Severity]:
        """The thresholds by scan."""
        return {scan: Severity.of(name) for scan, name in self.thresholds.items()}

    @property
    def stages(self) -> list[Stage]:
        """The canary's stages."""
        return [Stage.from_document(stage) for stage in self.canary]
