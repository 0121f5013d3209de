"""LaunchInstance: launches the instance that was approved, once for each type that is tried."""

from dataclasses import dataclass
from typing import Any

from approval_workflow.adapters import clock, instances
from approval_workflow.adapters.requests import Ledger
from approval_workflow.domain.hosts import tags
from approval_workflow.domain.lifecycle import launched, launching
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment; `workflow` is the tag by which the workflow knows its instances."""

    requests_table: str
    audit_table: str
    launch_template_id: str
    subnet_ids: str
    security_group_id: str
    workflow: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"request_id", "image_id", "instance_type"}`; return the instance, and until when it may run."""
    request_id, instance_type = event["request_id"], event["instance_type"]
    ledger, now = Ledger(settings().requests_table, settings().audit_table), clock.now()
    request = ledger.change(request_id, lambda stored: launching(stored, now))
    instance_id = instances.launch(
        instances.Template(settings().launch_template_id, settings().subnet_ids, settings().security_group_id),
        f"{request_id}-{instance_type}",
        event["image_id"],
        instance_type,
        tags(request, settings().workflow),
    )
    at = clock.moment()
    request = ledger.change(request_id, lambda stored: launched(stored, instance_id, instance_type, at))
    logger.info("the instance is launched", extra={"request_id": request_id, "instance_id": instance_id})
    return {"instance_id": instance_id, "instance_type": instance_type, "ends_at": request.ends_at}
