"""One entry of the audit trail: who did what, when, and from where."""

from dataclasses import dataclass
from typing import Any

WORKFLOW = "approval_workflow"  # who acts when it is no person
_MAX_USER_AGENT = 256


@dataclass(frozen=True)
class Entry:
    """What happened; `at` is ISO 8601 in UTC, `who` an ARN, an approver's name, or the workflow itself."""

    what: str
    at: str
    who: str = WORKFLOW
    detail: str = ""
    from_address: str = ""
    user_agent: str = ""

    def to_document(self, request_id: str, version: int) -> dict[str, Any]:
        """Return the entry's item, whose id is the request's version after it: a change has one entry, or none."""
        return {
            "request_id": request_id,
            "entry_id": f"{version:06}#{self.what}",
            "at": self.at,
            "who": self.who,
            "what": self.what,
            "detail": self.detail,
            "from_address": self.from_address,
            "user_agent": self.user_agent[:_MAX_USER_AGENT],
        }
