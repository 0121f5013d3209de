"""ValidateRequest: compares a request with the policy, and fixes what its approval will mean."""

from dataclasses import dataclass
from typing import Any

from approval_workflow.adapters import clock, parameters, requests
from approval_workflow.adapters.requests import Ledger
from approval_workflow.domain.lifecycle import planned
from approval_workflow.domain.policy import Policy
from approval_workflow.domain.request import Request
from approval_workflow.domain.validation import Plan, judge
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    requests_table: str
    audit_table: str
    policy_parameter: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"request_id"}`; return the plan, or the reasons against the request: the same ones if asked again."""
    request = requests.get(settings().requests_table, event["request_id"])
    if not request.plan:
        request = _plan(request, parameters.policy(settings().policy_parameter))
    logger.info("the request is validated", extra={"request_id": request.request_id, "plan": request.plan})
    return dict(request.plan)


def _plan(request: Request, policy: Policy) -> Request:
    """Store and return what becomes of the request."""
    wish, now = request.wish, clock.now()
    extended = requests.find(settings().requests_table, wish.extends) if wish.extends else None
    plan, image_id = _with_image(judge(policy, request, extended, now), wish.image_parameter)
    document = plan.to_document(policy, wish, image_id, now + policy.deadline_seconds)
    at = clock.moment()
    return Ledger(settings().requests_table, settings().audit_table).change(
        request.request_id, lambda stored: planned(stored, document, plan.approvers, policy.approvals_needed, at)
    )


def _with_image(plan: Plan, parameter: str) -> tuple[Plan, str | None]:
    """Return the image that a launch will take, resolved once, so that a retry launches the same."""
    if plan.reasons or not parameter:
        return plan, None
    image_id = parameters.image_id(parameter)
    return plan if image_id else plan.refused(f"the parameter {parameter} holds no image"), image_id
