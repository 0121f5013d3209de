"""A decision: an approver's choice on a request; a denial decides at once, approval takes as many as are needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from approval_workflow.domain.audit import Entry
from approval_workflow.domain.errors import AlreadyDecided, BadForm, LinkExpired, UnknownLink
from approval_workflow.domain.request import Change, Choice, Request, Status, changed

MAX_COMMENT = 500
_FIELDS = {"decision", "comment"}
_DONE = {Choice.APPROVE: "APPROVED_BY", Choice.DENY: "DENIED_BY"}


class Standing(Enum):
    """What an approver can still do about a request."""

    OPEN = auto()
    DECIDED = auto()
    EXPIRED = auto()


@dataclass(frozen=True)
class Ballot:
    """What an approver sends: the choice, and a comment."""

    choice: Choice
    comment: str

    @classmethod
    def from_form(cls, form: Mapping[str, list[str]]) -> "Ballot":
        """Read the form of the page. Raises `BadForm`."""
        if not set(form) <= _FIELDS or any(len(values) > 1 for values in form.values()):
            raise BadForm("The form has fields that the page does not send.")
        decision, comment = form.get("decision", [""])[0], _readable(form.get("comment", [""])[0])
        if decision not in list(Choice):
            raise BadForm("Choose either to approve or to deny.")
        if len(comment) > MAX_COMMENT:
            raise BadForm(f"A comment has at most {MAX_COMMENT} characters.")
        return cls(Choice(decision), comment)


@dataclass(frozen=True)
class Voter:
    """Who decides, as the link says, and from where."""

    name: str
    address: str
    user_agent: str


def standing(request: Request, name: str, now: int) -> Standing:
    """Return what an approver can do. Raises `UnknownLink` for anybody else."""
    if name not in request.approvers:
        raise UnknownLink("This link leads nowhere.")
    if name in request.votes or request.is_decided:
        return Standing.DECIDED
    return Standing.OPEN if request.status is Status.PENDING and now < request.expires_at else Standing.EXPIRED


def vote(request: Request, ballot: Ballot, voter: Voter, now: int, at: str) -> Change:
    """Count an approver's decision. Raises `UnknownLink`, `AlreadyDecided` and `LinkExpired`."""
    match standing(request, voter.name, now):
        case Standing.DECIDED:
            raise AlreadyDecided(f"{decided(request, voter.name)} Nothing was changed.")
        case Standing.EXPIRED:
            raise LinkExpired("The time to decide is over. Nothing was changed.")
    entry = Entry(_DONE[ballot.choice], at, voter.name, ballot.comment, voter.address, voter.user_agent)
    votes = {**request.votes, voter.name: {"choice": str(ballot.choice), "at": at}}
    return changed(request, entry, votes=votes, status=_status(votes, request.needed))


def decided(request: Request, name: str) -> str:
    """Say in one sentence what an approver has decided before, or that others have decided the request."""
    if vote := request.votes.get(name):
        return f"You have already {_SAID[Choice(vote['choice'])]} this request."
    return "This request is already decided."


_SAID = {Choice.APPROVE: "approved", Choice.DENY: "denied"}


def _status(votes: Mapping[str, Mapping[str, str]], needed: int) -> Status:
    choices = [vote["choice"] for vote in votes.values()]
    if Choice.DENY in choices:
        return Status.REJECTED
    return Status.APPROVED if len(choices) >= needed else Status.PENDING


def _readable(text: str) -> str:
    """Return a comment with plain line ends (browsers send two characters for one) and without what has no form."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("".join(char if char.isprintable() else " " for char in line) for line in lines).strip()
