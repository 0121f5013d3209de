"""OpenDecision: makes a request of what a pipeline's run would deploy, once, so that people can decide about it."""

from dataclasses import dataclass
from typing import Any

from approval_workflow.adapters import clock, parameters, requests
from approval_workflow.adapters.requests import Ledger
from approval_workflow.domain.audit import Entry
from approval_workflow.domain.errors import AnotherPlan
from approval_workflow.domain.opening import Question
from approval_workflow.domain.request import Request
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
    """Take `{"run", "plan": {"summary", "address"}}`; return `{"request_id", "rounds", "expires_at"}`.

    The same run gets the same answer, whatever became of its request. Raises `AnotherPlan` if it has another plan by
    then: what people decide about one plan must not let another one pass.
    """
    question = Question.from_run(event["run"], event["plan"])
    request = requests.find(settings().requests_table, question.request_id) or _open(question)
    if request.body_digest != question.deployment.digest():
        raise AnotherPlan(f"{request.request_id} asks about another plan of run {question.deployment.run_id}")
    about = {"request_id": request.request_id, "run_id": question.deployment.run_id, "approvers": request.approvers}
    logger.info("people may decide", extra=about)
    return {"request_id": request.request_id, **request.plan}


def _open(question: Question) -> Request:
    """Return the run's request as it is stored: this one, or that of another attempt."""
    request = question.request(parameters.policy(settings().policy_parameter), clock.now())
    entry = Entry("SUBMITTED", request.created_at, request.requester, request.quorum)
    return Ledger(settings().requests_table, settings().audit_table).create(request, entry)
