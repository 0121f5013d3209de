"""What approvers are told: plain text, with the one link that is theirs alone on its line."""

from dataclasses import dataclass

from approval_workflow.domain.moments import for_people, iso
from approval_workflow.domain.request import Request
from approval_workflow.domain.wanted import Facts


@dataclass(frozen=True)
class Message:
    """A notification to one person; the topic's subscriptions filter by `recipient` and `kind`."""

    recipient: str
    kind: str
    subject: str
    text: str


def summary(request: Request) -> Facts:
    """Return what approvers need to know of a request, as names and values."""
    return [
        ("Requester", request.requester_name),
        *request.request.facts(request.plan),
        ("Decide until", for_people(iso(request.expires_at))),
        ("Approvals", f"{request.approvals} of {request.needed}"),
        ("Request", request.request_id),
    ]


def asking(request: Request, recipient: str, url: str, round_number: int) -> Message:
    """Return the message that asks an approver, or reminds them of, to decide."""
    kind, begin = ("reminder", "Reminder: approval") if round_number else ("approval_asked", "Approval")
    subject = f"{begin} asked {request.request.headline(request.requester_name)} ({request.request_id})"
    facts = "\n".join(f"{name}: {value}" for name, value in summary(request))
    text = f"{facts}\n\nRead it and decide here. The link is yours alone; do not pass it on.\n{url}\n"
    return Message(recipient, kind, subject[:100], text)
