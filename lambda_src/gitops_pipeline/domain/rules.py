"""The pipeline's settings, as Terraform writes them: which branch goes where, and what stops it on its way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitops_pipeline.domain.canary import Stage
from gitops_pipeline.domain.errors import BadRules
from gitops_pipeline.domain.severity import Severity

# A canary is looked at each minute, and an execution's history has room for 25,000 events.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
_LONGEST_CANARY = 1440


@dataclass(frozen=True)
class Branch:
    """Where a branch is deployed; a `protected` environment wants `needed` of the approvers."""

    environment: str
    protected: bool
    approvers: tuple[str, ...]
    needed: int


@dataclass(frozen=True)
class Rules:
    """What a run goes by, from its beginning to its end.

    `thresholds` has each scan that must have been run, with the least severity that stops the run. The lease must be
    longer than a run's longest stretch between two steps: a build's timeout, or the time people have to approve.
    """

    branches: Mapping[str, Branch]
    thresholds: Mapping[str, Severity]
    lease_seconds: int
    canary: tuple[Stage, ...]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Rules":
        """Read the settings. Raises `BadRules`."""
        try:
            rules = cls(
                branches={name: _branch(values) for name, values in document["branches"].items()},
                thresholds={scan: Severity.of(name) for scan, name in document["thresholds"].items()},
                lease_seconds=int(document["lease_seconds"]),
                canary=tuple(Stage.from_document(stage) for stage in document.get("canary", [])),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            raise BadRules(f"the settings cannot be read: {problem!r}") from problem
        rules.check()
        return rules

    def check(self) -> None:
        """Raise `BadRules` if the settings contradict themselves."""
        if not self.thresholds:
            raise BadRules("without thresholds nothing would be scanned")
        if self.lease_seconds <= 0:
            raise BadRules("a lease takes at least a second")
        percents = [stage.percent for stage in self.canary]
        if percents != sorted(set(percents)) or not all(0 < percent < 100 for percent in percents):  # noqa: PLR2004
            raise BadRules("the canary's percents must grow, each between 1 and 99")
        minutes = [stage.minutes for stage in self.canary]
        if min(minutes, default=1) <= 0 or sum(minutes) > _LONGEST_CANARY:
            raise BadRules(f"each stage of the canary takes some minutes, and all no more than {_LONGEST_CANARY:,}")
        for name, branch in self.branches.items():
            if branch.protected and not 0 < branch.needed <= len(set(branch.approvers)):
                raise BadRules(f"{name} needs {branch.needed} of {len(set(branch.approvers))} approvers")


def _branch(values: Mapping[str, Any]) -> Branch:
    return Branch(
        environment=str(values["environment"]),
        protected=values.get("protected", True) is not False,
        approvers=tuple(values.get("approvers", [])),
        needed=int(values.get("needed", 1)),
    )
