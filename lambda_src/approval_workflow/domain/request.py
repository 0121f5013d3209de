"""A request through its whole life, and what a change of it is: a new state, and an entry of the audit trail."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from approval_workflow.domain.audit import Entry
from approval_workflow.domain.deployment import Deployment
from approval_workflow.domain.errors import NoInstance
from approval_workflow.domain.moments import iso
from approval_workflow.domain.wanted import Wanted
from approval_workflow.domain.wish import Wish


class Status(StrEnum):
    """How far a request is; APPROVED with an instance is one that runs."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    INVALID = "INVALID"
    LAUNCH_FAILED = "LAUNCH_FAILED"
    ENDING = "ENDING"
    ENDED = "ENDED"


class Choice(StrEnum):
    """What an approver decides; the values are the form's."""

    APPROVE = "approve"
    DENY = "deny"


_KINDS: Mapping[str, type[Wanted]] = {each.kind: each for each in (Wish, Deployment)}
_INTERNAL = {"task_token", "body_digest", "version", "asked_rounds"}
NOBODY = "requesters"  # who is told of a request whose requester the policy does not name


@dataclass(frozen=True)
class Request:
    """A request as the table holds it; what is not known yet is empty.

    `votes` is each approver's choice and moment, `plan` what validation found, `expires_at` seconds since 1970,
    `asked_rounds` how often approvers were asked, `extensions` the new end by the extending request's id.
    """

    request_id: str
    requester: str
    request: Wanted
    body_digest: str
    created_at: str
    requester_name: str = NOBODY
    status: Status = Status.PENDING
    version: int = 1
    plan: Mapping[str, Any] = field(default_factory=dict)
    approvers: tuple[str, ...] = ()
    needed: int = 0
    votes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    expires_at: int = 0
    task_token: str = ""
    asked_rounds: int = 0
    instance_id: str = ""
    instance_type: str = ""
    ends_at: str = ""
    granted_hours: int = 0
    extensions: Mapping[str, str] = field(default_factory=dict)
    outcome: str = ""
    detail: str = ""

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Request":
        """Read what `to_document` returned."""
        wanted, status = dict(document["request"]), Status(document["status"])
        request = _KINDS[wanted.pop("kind", "")](**wanted)
        read = {"request": request, "status": status, "approvers": tuple(document.get("approvers", ()))}
        return cls(**{**document, **read})

    def to_document(self) -> dict[str, Any]:
        """Return the item's content, without what is empty."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        values |= {"request": self.request.to_document(), "approvers": list(self.approvers)}
        return {name: value for name, value in values.items() if value}

    def for_requester(self) -> dict[str, Any]:
        """Return what the requester may know: not what the workflow keeps for itself, above all the token."""
        return {name: value for name, value in self.to_document().items() if name not in _INTERNAL}

    @property
    def wish(self) -> Wish:
        """The instance that is asked for. Raises `NoInstance` for a request of another kind."""
        if not isinstance(self.request, Wish):
            raise NoInstance(f"{self.request_id} is about a {self.request.kind}")
        return self.request

    @property
    def quorum(self) -> str:
        """How many of whom have to approve until when, for the audit."""
        return f"{self.needed} of {', '.join(self.approvers)} until {iso(self.expires_at)}"

    @property
    def approvals(self) -> int:
        """How many have approved."""
        return sum(vote["choice"] == Choice.APPROVE for vote in self.votes.values())

    @property
    def is_decided(self) -> bool:
        """Whether people have decided; what followed does not matter."""
        return self.status not in {Status.PENDING, Status.EXPIRED, Status.INVALID}


@dataclass(frozen=True)
class Change:
    """A request's next state, one version on, and the audit trail's entry, if anybody needs to know."""

    request: Request
    entry: Entry | None = None


def changed(request: Request, entry: Entry | None = None, **values: Any) -> Change:  # noqa: ANN401  # fields of several types, by name
    """Return the change of a request's fields to new values."""
    return Change(replace(request, version=request.version + 1, **values), entry)
