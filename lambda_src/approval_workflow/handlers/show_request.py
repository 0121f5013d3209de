"""ShowRequest: tells requesters how far their own requests are."""

from dataclasses import dataclass

from approval_workflow.adapters import requests
from approval_workflow.domain.errors import UnknownRequest
from shared.http import HttpAnswer, HttpRequest, api_handler, json_answer
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    requests_table: str


settings = once(Settings)


@api_handler
def handler(http: HttpRequest) -> HttpAnswer:
    """Answer the request of the path; to anybody but its requester it does not exist."""
    request = requests.get(settings().requests_table, http.path_parameters["request_id"])
    if not http.caller or request.requester != http.caller:
        raise UnknownRequest("There is no such request.")
    return json_answer(200, request.for_requester())
