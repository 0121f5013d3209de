"""The policies of roles, changed for a while."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scripts.deployment import Deployment
from scripts.lab import kept
from scripts.policies import document

type Document = dict[str, Any]


@contextmanager
def kept_policies(deployment: Deployment, role: str) -> Iterator[dict[str, Document]]:
    """Yield a role's inline policies by name, and put them back at the end."""
    iam = deployment.client("iam")

    def read() -> dict[str, Document]:
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        return {name: document(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]) for name in names}

    def write(before: dict[str, Document]) -> None:
        for name in read().keys() - before.keys():
            iam.delete_role_policy(RoleName=role, PolicyName=name)
        for name, policy in before.items():
            put_policy(deployment, role, name, policy)

    with kept(f"the policies of {role}", read, write) as before:
        yield before


@contextmanager
def without_policies(deployment: Deployment, role: str) -> Iterator[None]:
    """Take all inline policies away from a role for a while."""
    with kept_policies(deployment, role) as policies:
        for name in policies:
            deployment.client("iam").delete_role_policy(RoleName=role, PolicyName=name)
        yield


def put_policy(deployment: Deployment, role: str, name: str, policy: Document) -> None:
    """Write an inline policy of a role."""
    text = json.dumps(policy)
    deployment.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=text)


def policy_of(*statements: Document) -> Document:
    """Return a policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}
