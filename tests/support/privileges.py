"""Least privilege, proven: what every role was granted against what it used, from the engine's decision log."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from scripts.aws import Client

type Decision = dict[str, Any]


@dataclass(frozen=True)
class Grant:
    """One action on one resource pattern that a policy statement of a role allows under its conditions."""

    role: str
    statement: str
    action: str
    resource: str
    conditions: tuple[tuple[str, tuple[str, ...]], ...] = ()  # condition key, the patterns it may match

    def covers(self, decision: Decision) -> bool:
        """Tell whether this grant is what allowed `decision`."""
        context = {key.lower(): value for key, value in decision["context"].items()}
        return (
            fnmatchcase(decision["action"].lower(), self.action.lower())
            and fnmatchcase(decision["resource"], self.resource)
            and all(
                any(fnmatchcase(context.get(key, ""), pattern) for pattern in patterns)
                for key, patterns in self.conditions
            )
        )


def grants(iam: Client, role: str) -> Iterator[Grant]:
    """Yield every grant of the role's inline policies.

    Raises ValueError for an attached managed policy: this repository writes every permission beside its function.
    """
    if attached := iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        raise ValueError(f"{role} has managed policies, whose use nobody proves: {attached}")
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        document = json.loads(document) if isinstance(document, str) else document
        for statement in document["Statement"]:
            if statement["Effect"] != "Allow":
                continue
            conditions = conditions_of(statement)
            for action in as_list(statement["Action"]):
                for resource in as_list(statement["Resource"]):
                    yield Grant(role, statement.get("Sid", name), action, resource, conditions)


def conditions_of(statement: dict[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return a statement's conditions. Raises ValueError for an operator that `Grant.covers` cannot judge."""
    found = statement.get("Condition", {})
    if unknown := found.keys() - {"StringEquals", "StringLike", "ArnEquals", "ArnLike"}:
        raise ValueError(f"the proof of least privilege cannot judge {unknown} of {statement}")
    return tuple((key.lower(), tuple(as_list(value))) for test in found.values() for key, value in test.items())


def uses(grant: Grant, decisions: Iterable[Decision]) -> int:
    """Return how many allowed decisions of the grant's role it covers."""
    return sum(
        decision["decision"] == "Allow" and role_name(decision) == grant.role and grant.covers(decision)
        for decision in decisions
    )


def denials(roles: set[str], decisions: Iterable[Decision]) -> list[Decision]:
    """Return the decisions that refused one of `roles` something."""
    return [found for found in decisions if found["decision"] != "Allow" and role_name(found) in roles]


def role_name(decision: Decision) -> str:
    """Return the name of the role behind a decision's principal, a role's ARN or that of a session of it."""
    principal: str = decision["principal"]
    return principal.split("/")[1] if ":assumed-role/" in principal else principal.rsplit("/", 1)[-1]


def as_list(value: str | list[str]) -> list[str]:
    """Return what a policy document may write as one string or as a list, as a list."""
    return [value] if isinstance(value, str) else value
