"""IAM policy documents, read: their statements, what a condition asks for, and what several documents decide together.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

VIA_SERVICE = "kms:viaservice"  # the condition key that only a service has which asks in somebody's name
_NULL = "Null"
_TESTS = {"ArnEquals", "ArnLike", "Bool", "StringEquals", "StringLike", _NULL}
_VARIABLE = re.compile(r"\$\{([^}]+)\}")


@dataclass(frozen=True)
class Condition:
    """A condition key, and the patterns of which its value, or each of its values, has to match one.

    `null`: the pattern is "true" for a key that must have no value, and "false" for one that must have any.
    `${key}` in a pattern stands for another key's value.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """

    key: str
    patterns: tuple[str, ...]
    each: bool = False
    null: bool = False

    def holds(self, context: Mapping[str, Any]) -> bool:
        """Tell whether it is met; a condition on each value is met by no value."""
        if self.null:
            return str(self.key not in context).lower() in self.patterns
        values = as_list(context.get(self.key, [] if self.each else ""))
        patterns = [_VARIABLE.sub(lambda found: str(context.get(found[1].lower(), "")), each) for each in self.patterns]
        return all(any(fnmatchcase(value, pattern) for pattern in patterns) for value in values)


@dataclass(frozen=True)
class Statement:
    """One statement and where it stands; `str()` names it."""

    address: str
    body: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.address}: {self.body.get('Sid', '(no Sid)')}"

    @property
    def allows(self) -> bool:
        """Whether it allows something; else it denies."""
        return bool(self.body["Effect"] == "Allow")

    @property
    def actions(self) -> list[str]:
        """The patterns of the actions that it names."""
        return as_list(self.body.get("Action", []))

    @property
    def resources(self) -> list[str]:
        """The patterns of the resources that it names."""
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
        """The condition keys that it reads, in small letters."""
        return {key.lower() for test in self.body.get("Condition", {}).values() for key in test}

    def speaks_of_action(self, action: str) -> bool:
        """Tell whether the action is among those that it means; letter case does not count."""
        named = any(matches(pattern.lower(), action.lower()) for pattern in self.actions)
        others = as_list(self.body.get("NotAction", []))
        return named or (bool(others) and not any(matches(each.lower(), action.lower()) for each in others))

    def speaks_of_resource(self, resource: str) -> bool:
        """Tell whether the resource is among those that it means; a trust policy names none and means its role."""
        others = as_list(self.body.get("NotResource", []))
        if not self.resources and not others:
            return True
        named = any(matches(pattern, resource) for pattern in self.resources)
        return named or (bool(others) and not any(matches(pattern, resource) for pattern in others))

    def met(self, context: Mapping[str, Any]) -> bool | None:
        """Tell whether its conditions hold; None when they read a key that `context` lacks or use a rare operator.

        `context` has the condition keys in small letters.
        """
        try:
            conditions = list(conditions_of(self.body))
        except ValueError:
            return None
        answers = [each.holds(context) if each.key in context else None for each in conditions]
        return False if False in answers else None if None in answers else True


@dataclass(frozen=True)
class Policy:
    """A policy document; `where` says what it belongs to, in words for people."""

    where: str
    document: dict[str, Any]

    @property
    def statements(self) -> Iterator[Statement]:
        """Its statements."""
        listed = self.document.get("Statement", [])
        for body in [listed] if isinstance(listed, dict) else listed:
            yield Statement(self.where, body)


@dataclass(frozen=True)
class Request:
    """What somebody wants to do: `context` has the known condition keys in small letters.

    `principals` are the names under which policies of resources may know who asks: ARNs, or a service; () in policies
    of identities, which name nobody.
    """

    action: str
    resource: str
    context: Mapping[str, Any] = field(default_factory=dict)
    principals: tuple[str, ...] = ()


class Answer(StrEnum):
    """What documents decide about a request."""

    ALLOWED = "allowed"
    DENIED = "denied"
    DEPENDS = "depends"  # on a condition whose key is not known
    SILENT = "silent"  # which is a refusal, unless another document allows


@dataclass(frozen=True)
class Verdict:
    """An answer, and the statement that gave it, if any."""

    answer: Answer
    statement: Statement | None = None


def decide(policies: Iterable[Policy], request: Request) -> Verdict:
    """Return what `policies`, all of one kind, say to a request: a Deny that holds wins over every Allow."""
    speaking = [(each, each.met(request.context)) for each in speaking_of(policies, request)]
    for allows, met, answer in (
        (False, True, Answer.DENIED),
        (True, True, Answer.ALLOWED),
        (True, None, Answer.DEPENDS),
    ):
        for statement, holds in speaking:
            if statement.allows is allows and holds is met:
                return Verdict(answer, statement)
    return Verdict(Answer.SILENT)


def speaking_of(policies: Iterable[Policy], request: Request) -> Iterator[Statement]:
    """Yield the statements that mean the request's action, resource and principal, whatever their conditions."""
    for policy in policies:
        for statement in policy.statements:
            if (
                statement.speaks_of_action(request.action)
                and statement.speaks_of_resource(request.resource)
                and _means(statement, request.principals)
            ):
                yield statement


def document(text: str | dict[str, Any] | None) -> dict[str, Any]:
    """Return a document that an API may give as text, as an object or not at all. Raises json.JSONDecodeError."""
    found: dict[str, Any] = json.loads(text or "{}") if isinstance(text, str | None) else text
    return found


def conditions_of(statement: dict[str, Any]) -> Iterator[Condition]:
    """Yield a statement's conditions. Raises ValueError for an operator that `Condition.holds` cannot judge."""
    for operator, keys in statement.get("Condition", {}).items():
        quantifier, _, test = operator.rpartition(":")
        if quantifier not in ("", "ForAllValues") or test not in _TESTS:
            raise ValueError(f"the proof of least privilege cannot judge {operator} of {statement}")
        for key, value in keys.items():
            yield Condition(key.lower(), tuple(as_list(value)), each=bool(quantifier), null=test == _NULL)


def as_list(value: str | list[str]) -> list[str]:
    """Return what a policy document may write as one string or as a list, as a list."""
    return [value] if isinstance(value, str) else value


def matches(pattern: str, value: str) -> bool:
    """Tell whether a policy's pattern, with `*` and `?` alone for wildcards, matches all of `value`."""
    return bool(_compiled(pattern).fullmatch(value))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if part == "*" else "." if part == "?" else re.escape(part) for part in re.split(r"([*?])", pattern))
    return re.compile("".join(parts), re.DOTALL)


def _means(statement: Statement, principals: tuple[str, ...]) -> bool:
    """Tell whether a statement means one of `principals`; one of an identity's policy names none and means its own."""
    if "Principal" not in statement.body:
        return not principals
    named = statement.principals + statement.services
    return any(each == "*" or each in principals for each in named)
