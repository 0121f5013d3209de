"""Least privilege, proven: what every role was granted against what it used, from the engine's decision log."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from scripts.aws import Client

type Decision = dict[str, Any]

_TESTS = {"ArnEquals", "ArnLike", "Bool", "StringEquals", "StringLike"}
_VARIABLE = re.compile(r"\$\{([^}]+)\}")


@dataclass(frozen=True)
class Grant:
    """One action on one resource pattern that a policy statement of a role allows under its conditions."""

    role: str
    statement: str
    action: str
    resource: str
    conditions: tuple["Condition", ...] = ()

    def covers(self, decision: Decision) -> bool:
        """Tell whether this grant is what allowed `decision`."""
        context = {key.lower(): value for key, value in decision["context"].items()}
        return (
            fnmatchcase(decision["action"].lower(), self.action.lower())
            and fnmatchcase(decision["resource"], self.resource)
            and all(condition.holds(context) for condition in self.conditions)
        )


@dataclass(frozen=True)
class Condition:
    """A condition key, and the patterns of which its value, or each of its values, has to match one.

    `${key}` in a pattern stands for another key's value.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """

    key: str
    patterns: tuple[str, ...]
    each: bool = False

    def holds(self, context: dict[str, Any]) -> bool:
        """Tell whether it is met; a condition on each value is met by no value."""
        values = as_list(context.get(self.key, [] if self.each else ""))
        patterns = [_VARIABLE.sub(lambda found: str(context.get(found[1].lower(), "")), each) for each in self.patterns]
        return all(any(fnmatchcase(value, pattern) for pattern in patterns) for value in values)


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


def conditions_of(statement: dict[str, Any]) -> Iterator[Condition]:
    """Yield a statement's conditions. Raises ValueError for an operator that `Condition.holds` cannot judge."""
    for operator, keys in statement.get("Condition", {}).items():
        quantifier, _, test = operator.rpartition(":")
        if quantifier not in ("", "ForAllValues") or test not in _TESTS:
            raise ValueError(f"the proof of least privilege cannot judge {operator} of {statement}")
        for key, value in keys.items():
            yield Condition(key.lower(), tuple(as_list(value)), each=bool(quantifier))


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
