"""CloseRequest: ends the time for decisions, unless one was stored before, and says which it is."""

from dataclasses import dataclass
from typing import Any

from approval_workflow.adapters import clock
from approval_workflow.adapters.requests import Ledger
from approval_workflow.domain.lifecycle import closed
from shared.handlers import lambda_handler
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    requests_table: str
    audit_table: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"request_id"}`; return the status that counts from now on."""
    at = clock.moment()
    ledger = Ledger(settings().requests_table, settings().audit_table)
    return {"status": str(ledger.change(event["request_id"], lambda stored: closed(stored, at)).status)}
