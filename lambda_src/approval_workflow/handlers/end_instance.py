"""EndInstance: stops and terminates whatever was launched for a request, at the end of its time or after a failure."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from approval_workflow.adapters import clock, instances, parameters
from approval_workflow.adapters.requests import Ledger
from approval_workflow.domain.hosts import parameter_names
from approval_workflow.domain.lifecycle import ended, ending
from approval_workflow.domain.request import Status
from shared.context import Context, seconds_left
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.settings import once

_MARGIN_SECONDS = 60.0  # for what comes after the wait until an instance has stopped


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    requests_table: str
    audit_table: str
    hosts_path: str
    workflow: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Take `{"request_id"}` after a failure, with `"ends_at"` at the end of the time; return how many were ended.

    If the end was moved in the meantime, nothing is ended, and the answer is `extended`, with the new end.
    """
    request_id, ends_at = event["request_id"], event.get("ends_at")
    ledger = Ledger(settings().requests_table, settings().audit_table)
    if ends_at:
        request = ledger.change(request_id, lambda stored: ending(stored, ends_at))
        if request.status is Status.APPROVED:
            return {"ended": 0, "extended": True, "ends_at": request.ends_at}
    number = instances.end(
        partial(instances.find, request_id, settings().workflow), lambda: seconds_left(context) > _MARGIN_SECONDS
    )
    parameters.remove(parameter_names(settings().hosts_path, request_id))
    if ends_at:
        ledger.change(request_id, lambda stored: ended(stored, clock.moment()))
    logger.info("the instances are ended", extra={"request_id": request_id, "ended": number})
    return {"ended": number, "extended": False, "ends_at": ends_at}
