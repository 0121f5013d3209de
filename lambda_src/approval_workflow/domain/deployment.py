"""What a pipeline asks for: that a commit goes to an environment, as it was planned."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from approval_workflow.domain.errors import BadQuestion
from approval_workflow.domain.wanted import Facts, Wanted

_SHOWN = 2000
_SHORT = 12


@dataclass(frozen=True)
class Deployment(Wanted):
    """A run's commit and its plan, in lines that may be shown; `author` is a name with an e-mail address, or neither.

    `plan_summary` says in a line what would change, `plan_address` where all of the plan lies.
    """

    run_id: str
    repository: str
    branch: str
    commit: str
    environment: str
    plan_summary: str
    plan_address: str
    author: str = ""
    message: str = ""

    kind: ClassVar[str] = "deployment"

    @classmethod
    def from_run(cls, run: Mapping[str, Any], plan: Mapping[str, Any]) -> "Deployment":
        """Read a run of the pipeline and its plan. Raises `BadQuestion` if they do not say what is deployed where."""
        known = {name: _line(run.get(name)) for name in ("run_id", "repository", "branch", "commit", "environment")}
        known |= {f"plan_{name}": _line(plan.get(name)) for name in ("summary", "address")}
        if missing := [name for name, value in known.items() if not value]:
            raise BadQuestion(f"the run does not say: {', '.join(missing)}")
        return cls(**known, author=_line(run.get("author")), message=_line(run.get("message")))

    @property
    def author_email(self) -> str:
        """The address that the commit's author gave; what is no address, is nobody's."""
        return self.author.rpartition("<")[2].removesuffix(">")

    def facts(self, _plan: Mapping[str, Any]) -> Facts:
        """Return what approvers have to know."""
        facts = [
            ("Environment", self.environment),
            ("Repository", self.repository),
            ("Branch", self.branch),
            ("Commit", self.commit),
            ("Author", self.author),
            ("Message", self.message),
            ("Plan", self.plan_summary),
            ("Whole plan", self.plan_address),
            ("Run", self.run_id),
        ]
        return [(name, value) for name, value in facts if value]

    def headline(self, _requester_name: str) -> str:
        """Return what goes where."""
        return f"to deploy {self.commit[:_SHORT]} to {self.environment}".encode("ascii", "replace").decode()


def _line(text: object) -> str:
    """Return one line of what has a form: whoever commits writes messages, and names branches and themselves."""
    readable = "".join(char if char.isprintable() else " " for char in str(text or ""))
    return " ".join(readable.split())[:_SHOWN]
