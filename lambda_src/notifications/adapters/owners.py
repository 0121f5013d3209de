"""Finds whose a resource of EC2 is, by its tag."""

from shared.clients import client
from shared.queues.translation import translated


def owner_of(resource: str, tag: str) -> str:
    """Return whose an instance, a volume or a snapshot is, "" if nobody's. Raises `Transient` and `Refused`."""
    wanted = [{"Name": "resource-id", "Values": [resource]}, {"Name": "key", "Values": [tag]}]
    with translated():
        found = client("ec2", hasty=True).describe_tags(Filters=wanted)["Tags"]
    return str(found[0]["Value"]) if found else ""
