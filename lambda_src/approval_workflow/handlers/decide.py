"""Decide: stores an approver's decision, and nothing more: the table's stream tells the execution (ADR 11)."""

from dataclasses import dataclass

from approval_workflow.adapters import clock, links
from approval_workflow.adapters.requests import Ledger
from approval_workflow.domain import pages
from approval_workflow.domain.request import Change, Request
from approval_workflow.domain.voting import Ballot, Voter, vote
from approval_workflow.handlers.web import page, page_handler
from shared.http import HttpAnswer, HttpRequest
from shared.observability import logger
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    requests_table: str
    links_table: str
    audit_table: str
    link_key_secret: str


settings = once(Settings)


@page_handler
def handler(http: HttpRequest) -> HttpAnswer:
    """Take the page's form; answer what was decided, once for each link."""
    link = links.opened(settings().links_table, settings().link_key_secret, http.path_parameters["link"])
    ballot = Ballot.from_form(http.form())
    voter = Voter(link.approver, http.address, http.user_agent)

    def decide(request: Request) -> Change:
        return vote(request, ballot, voter, clock.now(), clock.moment())

    decided = Ledger(settings().requests_table, settings().audit_table).change(link.request_id, decide)
    about = {"request_id": link.request_id, "approver": link.approver, "status": decided.status}
    logger.info("a decision is stored", extra=about)
    return page(pages.result(decided, ballot.choice))
