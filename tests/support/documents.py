"""Every IAM document of an applied environment, with the resource it belongs to."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.applied import Applied
from tests.support.privileges import as_list

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


@dataclass(frozen=True)
class Statement:
    """One statement and where it stands; `str()` names it in a failure."""

    address: str
    body: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.address}: {self.body.get('Sid', '(no Sid)')}"

    @property
    def allows(self) -> bool:
        return bool(self.body["Effect"] == "Allow")

    @property
    def actions(self) -> list[str]:
        return as_list(self.body.get("Action", []))

    @property
    def resources(self) -> list[str]:
        return as_list(self.body.get("Resource", []))

    @property
    def services(self) -> list[str]:
        """The service principals that the statement names."""
        principal = self.body.get("Principal", {})
        return as_list(principal.get("Service", [])) if isinstance(principal, dict) else []

    @property
    def principals(self) -> list[str]:
        """The AWS principals that the statement names; `*` for everybody."""
        principal = self.body.get("Principal", {})
        return as_list(principal.get("AWS", [])) if isinstance(principal, dict) else [principal]

    @property
    def condition_keys(self) -> set[str]:
        return {key.lower() for test in self.body.get("Condition", {}).values() for key in test}


def statements(applied: Applied, where: dict[str, str]) -> Iterator[Statement]:
    """Yield the statements of every document that `where` names (resource type -> attribute)."""
    for resource in applied.resources(*where):
        document = json.loads(resource["values"][where[resource["type"]]] or "{}")
        for body in document.get("Statement", []):
            yield Statement(resource["address"], body)
