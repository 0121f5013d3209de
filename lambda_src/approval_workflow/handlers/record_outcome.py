"""RecordOutcome: writes how a request came out, with its audit entry."""

from dataclasses import dataclass
from typing import Any

from approval_workflow.adapters import clock
from approval_workflow.adapters.requests import Ledger
from approval_workflow.domain.lifecycle import reported
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    requests_table: str
    audit_table: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"request_id", "outcome", "detail"}`; return the status, and whom to tell."""
    at, outcome, detail = clock.moment(), event["outcome"], event.get("detail")
    ledger = Ledger(settings().requests_table, settings().audit_table)
    request = ledger.change(event["request_id"], lambda stored: reported(stored, outcome, detail, at))
    about = {"request_id": request.request_id, "outcome": outcome, "detail": request.detail}
    logger.info("the outcome is recorded", extra=about)
    return {"status": str(request.status), "requester_name": request.requester_name}
