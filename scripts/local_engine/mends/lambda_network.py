"""Lambda: a function in a VPC is placed there with its role's permissions."""

from collections.abc import Iterator
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc

from scripts.local_engine.authorization import role_allows
from scripts.local_engine.patching import Function, wrap

ON_INTERFACES = (
    "AssignPrivateIpAddresses",
    "CreateNetworkInterface",
    "DeleteNetworkInterface",
    "UnassignPrivateIpAddresses",
)
LOOKING = ("DescribeNetworkInterfaces", "DescribeSubnets")


def apply() -> None:
    """Apply the mends of this file."""
    wrap(lambda_svc, "_create_function")(_create_function)
    wrap(lambda_svc, "_update_config")(_update_function)


def _create_function(original: Function, data: dict[str, Any]) -> Any:
    """Refuse a VPC to a function whose role may not make and remove network interfaces there.

    AWS: InvalidParameterValueException
    (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions).
    Engine: any role was accepted.
    """
    return _misplaced(data, data.get("Role", "")) or original(data)


def _update_function(original: Function, name: str, data: dict[str, Any]) -> Any:
    """Refuse to move a function into a VPC, as for a new function."""
    config = (lambda_svc._functions.get(name) or {"config": {}})["config"]
    return _misplaced(data, data.get("Role") or config.get("Role", "")) or original(name, data)


def _misplaced(data: dict[str, Any], role: str) -> Any:
    place = data.get("VpcConfig") or {}
    if not place.get("SubnetIds"):
        return None
    for action, resource in _needs(place):
        if not role_allows(role, f"ec2:{action}", resource, via="lambda.amazonaws.com"):
            sentence = f"The provided execution role does not have permissions to call {action} on EC2"
            return lambda_svc._invalid_parameter_value(sentence)
    return None


def _needs(place: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Yield what placing a function takes: actions, and on which resources."""
    ec2 = f"arn:aws:ec2:{get_region()}:{get_account_id()}"
    for action in ON_INTERFACES:
        yield action, f"{ec2}:network-interface/*"
    for subnet in place["SubnetIds"]:
        yield "CreateNetworkInterface", f"{ec2}:subnet/{subnet}"
    for group in place.get("SecurityGroupIds", []):
        yield "CreateNetworkInterface", f"{ec2}:security-group/{group}"
    for action in LOOKING:
        yield action, "*"
