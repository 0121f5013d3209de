"""Least privilege, proven: what every role was granted against what it used, from the engine's decision log."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from scripts.aws import Client
from scripts.policies import Condition, as_list, conditions_of

type Decision = dict[str, Any]


@dataclass(frozen=True)
class Grant:
    """One action on one resource pattern that a policy statement of a role allows under its conditions."""

    role: str
    statement: str
    action: str
    resource: str
    conditions: tuple[Condition, ...] = ()

    def covers(self, decision: Decision) -> bool:
        """Tell whether this grant is what allowed `decision`."""
        if not fnmatchcase(decision["action"].lower(), self.action.lower()):
            return False  # as most: there are hundreds of thousands of decisions
        context = {key.lower(): value for key, value in decision["context"].items()}
        return fnmatchcase(decision["resource"], self.resource) and all(
            condition.holds(context) for condition in self.conditions
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
            conditions = tuple(conditions_of(statement))
            for action in as_list(statement["Action"]):
                for resource in as_list(statement["Resource"]):
                    yield Grant(role, statement.get("Sid", name), action, resource, conditions)


def uses(grant: Grant, decisions: Iterable[Decision]) -> int:
    """Return how many allowed decisions of the grant's role it covers."""
    return sum(
        decision["decision"] == "Allow" and role_name(decision) == grant.role and grant.covers(decision)
        for decision in decisions
    )


def by_role(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    """Return the decisions of each role by its name."""
    found: dict[str, list[Decision]] = defaultdict(list)
    for decision in decisions:
        found[role_name(decision)].append(decision)
    return found


def denials(roles: set[str], decisions: Iterable[Decision]) -> list[Decision]:
    """Return the decisions that refused one of `roles` something."""
    return [found for found in decisions if found["decision"] != "Allow" and role_name(found) in roles]


def role_name(decision: Decision) -> str:
    """Return the name of the role behind a decision's principal, a role's ARN or that of a session of it."""
    principal: str = decision["principal"]
    return principal.split("/")[1] if ":assumed-role/" in principal else principal.rsplit("/", 1)[-1]
