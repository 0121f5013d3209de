"""Log streams that a service writes to with a role: made, with their group, when the role may."""

from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch_logs

from scripts.local_engine.authorization import role_allows


class StreamRefused(Exception):
    """Why a role may not make a log stream, or its group."""


def arn(group: str, stream: str) -> str:
    """Return what permissions about a stream, or with "" about its group, are decided on."""
    return f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}:log-stream:{stream}"


def open_stream(role: str, group: str, stream: str, via: str) -> dict[str, Any]:
    """Return a stream, made if there is none. Raises StreamRefused."""
    groups = cloudwatch_logs._log_groups
    if group not in groups:
        _demand(role, "logs:CreateLogGroup", arn(group, ""), via)
        cloudwatch_logs._create_log_group({"logGroupName": group})
    if stream not in groups[group]["streams"]:
        _demand(role, "logs:CreateLogStream", arn(group, stream), via)
        cloudwatch_logs._create_log_stream({"logGroupName": group, "logStreamName": stream})
    found: dict[str, Any] = groups[group]["streams"][stream]
    return found


def _demand(role: str, action: str, resource: str, via: str) -> None:
    if not (allowed := role_allows(role, action, resource, via=via)):
        raise StreamRefused(allowed.reason)
