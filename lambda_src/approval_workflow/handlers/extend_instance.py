"""ExtendInstance: gives a running instance more time, if the policy still allows it at this moment."""

from dataclasses import dataclass
from typing import Any

from approval_workflow.adapters import clock, instances, parameters, requests
from approval_workflow.adapters.requests import Ledger
from approval_workflow.domain.hosts import end_parameter
from approval_workflow.domain.lifecycle import extended
from approval_workflow.domain.request import Change, Request
from approval_workflow.domain.validation import reasons_against_extension
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    requests_table: str
    audit_table: str
    policy_parameter: str
    hosts_path: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"request_id", "extends"}`; return the instance, and its end through this extension."""
    extending = requests.get(settings().requests_table, event["request_id"])
    policy, now, at = parameters.policy(settings().policy_parameter), clock.now(), clock.moment()

    def extend(stored: Request) -> Change | None:
        return extended(stored, extending, reasons_against_extension(policy, extending, stored, now), at)

    request = Ledger(settings().requests_table, settings().audit_table).change(extending.wish.extends, extend)
    instances.move_end(request.instance_id, request.ends_at)
    parameters.update(end_parameter(settings().hosts_path, request.request_id), request.ends_at)
    logger.info("the instance is extended", extra={"request_id": request.request_id, "ends_at": request.ends_at})
    return {"instance_id": request.instance_id, "ends_at": request.extensions[extending.request_id]}
