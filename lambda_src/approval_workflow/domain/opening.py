"""What a pipeline's run asks people, and who of them may answer: nobody who had a hand in the commit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from approval_workflow.domain.deployment import Deployment
from approval_workflow.domain.errors import BadQuestion, TooFewApprovers
from approval_workflow.domain.moments import iso
from approval_workflow.domain.policy import Policy
from approval_workflow.domain.request import Request
from approval_workflow.domain.wanted import request_id_of


@dataclass(frozen=True)
class Question:
    """Whether a deployment may go on; `pusher` is the ARN of whoever pushed the commit."""

    deployment: Deployment
    pusher: str
    approvers: tuple[str, ...]
    needed: int

    @classmethod
    def from_run(cls, run: Mapping[str, Any], plan: Mapping[str, Any]) -> "Question":
        """Read a run of the pipeline and its plan. Raises `BadQuestion`."""
        if not run.get("pusher"):
            raise BadQuestion("the run does not say who pushed: nobody could be kept from approving their own commit")
        deployment = Deployment.from_run(run, plan)
        return cls(deployment, str(run["pusher"]), tuple(run.get("approvers", ())), int(run.get("needed", 0)))

    @property
    def request_id(self) -> str:
        """The id of the run's one request; no caller of the API is of this name."""
        return request_id_of(self.deployment.kind, self.deployment.run_id)

    def request(self, policy: Policy, now: int) -> Request:
        """Return the request, open until the policy's deadline. Raises `TooFewApprovers`.

        A pusher whom the policy does not name is a stranger, and no approver: most who push are in no policy.
        """
        people = policy.people
        pushers = people.names_of(self.pusher)
        known = [name for name in self.approvers if name in people.by_name]
        approvers = people.others(known, [*pushers, *people.names_at(self.deployment.author_email)])
        if not 0 < self.needed <= len(approvers):
            raise TooFewApprovers(
                f"{self.needed} approvals are needed, and of {', '.join(self.approvers) or 'nobody'} {len(approvers)} "
                "may give one: whom the policy knows, and who neither pushed nor wrote the commit"
            )
        expires_at = now + policy.deadline_seconds
        return Request(
            request_id=self.request_id,
            requester=self.pusher,
            request=self.deployment,
            body_digest=self.deployment.digest(),
            created_at=iso(now),
            requester_name=pushers[0] if pushers else self.pusher,
            plan={"rounds": list(policy.rounds), "expires_at": expires_at},
            approvers=tuple(approvers),
            needed=self.needed,
            expires_at=expires_at,
        )
