"""AskApprovers: keeps the token that the machine waits with, and sends their link to those who have not decided."""

from dataclasses import dataclass
from typing import Any

from approval_workflow.adapters import clock, executions, links, topic
from approval_workflow.adapters.requests import Ledger
from approval_workflow.domain.lifecycle import asked, unheard
from approval_workflow.domain.links import Link
from approval_workflow.domain.messages import asking
from approval_workflow.domain.request import Request, Status
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment; `decisions_url` is the address below which the links are."""

    requests_table: str
    links_table: str
    audit_table: str
    link_key_secret: str
    decisions_url: str
    topic_arn: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"request_id", "round", "task_token"}`; return whom it asked. A decision that came before is answered."""
    token, at = event["task_token"], clock.moment()
    ledger = Ledger(settings().requests_table, settings().audit_table)
    request = ledger.change(event["request_id"], lambda stored: asked(stored, event["round"], token, at))
    if request.status is not Status.PENDING:
        executions.answer(token, request.status)
        return {"asked": []}
    names = unheard(request)
    _ask(request, names, event["round"])
    logger.info("approvers are asked", extra={"request_id": request.request_id, "approvers": names})
    return {"asked": names}


def _ask(request: Request, names: list[str], round_number: int) -> None:
    key = links.signing_key(settings().link_key_secret)
    for name in names:
        link = Link.to(request.request_id, name, request.expires_at)
        links.remember(settings().links_table, link)
        url = f"{settings().decisions_url.rstrip('/')}/{link.signed(key)}"
        topic.publish(settings().topic_arn, asking(request, name, url, round_number))
