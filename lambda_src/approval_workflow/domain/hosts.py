"""What a host is told about itself, and by which tags people recognise it."""

import re
from collections.abc import Mapping

from approval_workflow.domain.request import Request

_END = "ends-at"
_NAMES = ("owner", "purpose", "cost-centre", _END, "instance-id")
_REFERENCE = re.compile(r"\{(?=\{)")  # Parameter Store refuses values that look like references to other parameters


def path_of(hosts_path: str, request_id: str) -> str:
    """Return the path of a host's parameters."""
    return f"{hosts_path.rstrip('/')}/{request_id}"


def parameter_names(hosts_path: str, request_id: str) -> list[str]:
    """Return the full names of a host's parameters."""
    return [f"{path_of(hosts_path, request_id)}/{name}" for name in _NAMES]


def end_parameter(hosts_path: str, request_id: str) -> str:
    """Return the full name of the parameter that says when a host ends."""
    return f"{path_of(hosts_path, request_id)}/{_END}"


def parameters(hosts_path: str, request: Request) -> dict[str, str]:
    """Return a host's parameters by their full names."""
    wish = request.wish
    values = (request.requester_name, wish.purpose, wish.cost_centre, request.ends_at, request.instance_id)
    names = parameter_names(hosts_path, request.request_id)
    return {name: _REFERENCE.sub("{ ", value) for name, value in zip(names, values, strict=True)}


def tags(request: Request, workflow: str) -> Mapping[str, str]:
    """Return the tags of a host and its volume."""
    return {
        "Name": request.request_id,
        "owner": request.requester_name,
        "request-id": request.request_id,
        _END: request.ends_at,
        "cost-centre": request.wish.cost_centre,
        "workflow": workflow,
    }
