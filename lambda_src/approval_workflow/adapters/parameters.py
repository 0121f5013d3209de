"""Parameter Store: the policy and the ids of images, which are kept for a while, and what hosts are told."""

import re
from collections.abc import Mapping

from approval_workflow.domain.policy import Policy
from shared import configuration
from shared.clients import client

_IMAGE = re.compile(r"ami-[0-9a-f]{8,17}")


def policy(parameter: str) -> Policy:
    """Return the policy. Raises `BadPolicy`."""
    return configuration.read(parameter, Policy.from_text)


def image_id(parameter: str) -> str | None:
    """Return the image that a parameter names, or None if it names none."""
    try:
        value = configuration.read(parameter, str)
    except configuration.NoParameter:
        return None
    return value if _IMAGE.fullmatch(value) else None


def publish(parameters: Mapping[str, str], instance_arn: str) -> None:
    """Write a host's parameters, each tagged with the one instance that may read it."""
    ssm = client("ssm")
    for name, value in parameters.items():
        ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
        tags = [{"Key": "instance", "Value": instance_arn}]
        ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId=name, Tags=tags)


def update(name: str, value: str) -> None:
    """Write one parameter of a host that has its tags."""
    client("ssm").put_parameter(Name=name, Value=value, Type="String", Overwrite=True)


def remove(names: list[str]) -> None:
    """Delete parameters, at most ten; those that are gone do not matter."""
    client("ssm").delete_parameters(Names=names)
