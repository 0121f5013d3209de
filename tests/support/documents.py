"""Every IAM document of an applied environment, with the resource it belongs to."""

import json
from collections.abc import Iterator

from scripts.policies import Statement
from tests.support.applied import Applied

# Where each resource type keeps its documents: in an applied environment none of them is unknown.
IDENTITY = {"aws_iam_role_policy": "policy", "aws_iam_policy": "policy"}
TRUST = {"aws_iam_role": "assume_role_policy"}
RESOURCE = {
    "aws_s3_bucket_policy": "policy",
    "aws_sqs_queue": "policy",
    "aws_sns_topic_policy": "policy",
    "aws_kms_key": "policy",
    "aws_kms_key_policy": "policy",
}
# What an administrator makes for an account, and no workflow runs as; the tests of modules/bootstrap are about that.
ADMINISTRATORS = "module.sample_account."


def roles(environment: Applied) -> list[str]:
    """Return the names of the roles that workflows run as."""
    found = (role for role in environment.resources("aws_iam_role") if not role["address"].startswith(ADMINISTRATORS))
    return sorted(role["values"]["name"] for role in found)


def statements(applied: Applied, where: dict[str, str]) -> Iterator[Statement]:
    """Yield the statements of every document that `where` names (resource type -> attribute)."""
    for resource in applied.resources(*where):
        document = json.loads(resource["values"][where[resource["type"]]] or "{}")
        for body in document.get("Statement", []):
            yield Statement(resource["address"], body)


def of_workflows(applied: Applied, where: dict[str, str]) -> Iterator[Statement]:
    """Yield the statements of documents that belong to workflows, and not to an account's administrator."""
    return (found for found in statements(applied, where) if not found.address.startswith(ADMINISTRATORS))
