"""Parameter Store: the policy, the ids of images, and what hosts are told. Nothing is kept: a change counts at once."""

import re
from collections.abc import Mapping

from approval_workflow.domain.policy import Policy
from shared.clients import client

_IMAGE = re.compile(r"ami-[0-9a-f]{8,17}")


def policy(parameter: str) -> Policy:
    """Return the policy. Raises `BadPolicy`."""
    return Policy.from_text(client("ssm").get_parameter(Name=parameter)["Parameter"]["Value"])


def image_id(parameter: str) -> str | None:
    """Return the image that a parameter names, or None if it names none."""
    ssm = client("ssm")
    try:
        value: str = ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
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
