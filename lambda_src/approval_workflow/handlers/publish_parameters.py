"""PublishParameters: writes what a host needs to know about itself under a path of its own."""

from dataclasses import dataclass, replace
from typing import Any

from approval_workflow.adapters import parameters, requests
from approval_workflow.domain import hosts
from shared.context import Context
from shared.handlers import lambda_handler
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    requests_table: str
    hosts_path: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Take `{"request_id", "instance_id"}`; return the path of the host's parameters."""
    request_id, instance_id = event["request_id"], event["instance_id"]
    request = replace(requests.get(settings().requests_table, request_id), instance_id=instance_id)
    _, partition, _, region, account, *_ = context.invoked_function_arn.split(":")
    instance_arn = f"arn:{partition}:ec2:{region}:{account}:instance/{instance_id}"
    parameters.publish(hosts.parameters(settings().hosts_path, request), instance_arn)
    return {"path": hosts.path_of(settings().hosts_path, request_id)}
