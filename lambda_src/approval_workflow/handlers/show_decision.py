"""ShowDecision: shows an approver what to decide, and changes nothing, as mail scanners open links before people do."""

from dataclasses import dataclass

from approval_workflow.adapters import clock, links, requests
from approval_workflow.domain import pages
from approval_workflow.domain.errors import LinkExpired
from approval_workflow.domain.voting import Standing, standing
from approval_workflow.handlers.web import page, page_handler
from shared.http import HttpAnswer, HttpRequest
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    requests_table: str
    links_table: str
    link_key_secret: str


settings = once(Settings)


@page_handler
def handler(http: HttpRequest) -> HttpAnswer:
    """Answer the page of the path's link."""
    link = links.opened(settings().links_table, settings().link_key_secret, http.path_parameters["link"])
    request = requests.get(settings().requests_table, link.request_id)
    match standing(request, link.approver, clock.now()):
        case Standing.OPEN:
            return page(pages.confirmation(request, link.approver))
        case Standing.DECIDED:
            return page(pages.already_decided(request, link.approver))
        case Standing.EXPIRED:
            raise LinkExpired("Nothing was decided in time, and nothing was changed.")
