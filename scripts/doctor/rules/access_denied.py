"""Fault 2, AccessDenied: who may not do what, which document refuses it, and the smallest statement that mends it."""

import json
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.doctor.facts import Access, Denial, Environment, Role
from scripts.doctor.findings import Confidence, Evidence, Fault, Finding, Fix
from scripts.doctor.rules.refusals import BOUNDARY, IDENTITY, RESOURCE, Refusal, parse
from scripts.policies import VIA_SERVICE, Answer, Policy, Request, Statement, Verdict, decide

MANY = 3  # resources; more of them become one pattern


@dataclass(frozen=True)
class _Case:
    """Everything about one principal that may not do one action."""

    refusal: Refusal
    denials: tuple[Denial, ...]
    resources: tuple[str, ...]
    role: Role | None
    access: Access

    @property
    def request(self) -> Request:
        return Request(self.refusal.action, self.refusal.resource or "*", self.denials[0].context)

    @property
    def who(self) -> str:
        return f"the role {self.refusal.role_name}"

    @property
    def what(self) -> str:
        return f"{self.refusal.action} on {', '.join(self.resources) or 'a resource that the message does not name'}"


@dataclass(frozen=True)
class _Refuser:
    """What refused: the cause's name, what about the document is wrong, and its statement, if one is to blame."""

    cause: str
    document: str
    sentence: str
    confidence: Confidence
    statement: Statement | None = None


def findings(environment: Environment) -> Iterator[Finding]:
    """Yield one finding for each principal and action that is still refused."""
    groups: dict[tuple[str, str, str, bool], list[tuple[Refusal, Denial]]] = {}
    for denial in environment.denials:
        if refusal := parse(denial):
            key = (refusal.role_name, refusal.action, refusal.kind, refusal.explicit)
            groups.setdefault(key, []).append((refusal, denial))
    machines = {machine.name for machine in environment.machines}
    for group in groups.values():
        case = _case([each for each in group if not _mended(each[0], each[1], environment.access)], environment.access)
        if case and (refuser := _refuser(case)):
            yield _finding(case, refuser, machines)


def _case(group: list[tuple[Refusal, Denial]], access: Access) -> _Case | None:
    if not group:
        return None
    refusal = group[0][0]
    resources = _patterns(sorted({each.resource for each, _ in group if each.resource}))
    return _Case(refusal, tuple(denial for _, denial in group), resources, access.roles.get(refusal.role_name), access)


def _mended(refusal: Refusal, denial: Denial, access: Access) -> bool:
    """Tell whether all that the doctor can read allows by now what was refused then."""
    role = access.roles.get(refusal.role_name)
    if role is None or not refusal.resource or refusal.kind not in ("", IDENTITY, RESOURCE, BOUNDARY):
        return False
    request = Request(refusal.action, refusal.resource, denial.context)
    boundary = _answer([role.boundary], request, refusal) if role.boundary else Answer.ALLOWED
    own = _answer(role.policies, request, refusal)
    resource = _resource_answer(role, request, refusal, access)
    if Answer.DENIED in (own, boundary, resource):
        return False
    if refusal.action.startswith("kms:") and refusal.resource in access.resources:
        return own is Answer.ALLOWED and boundary is Answer.ALLOWED and resource is Answer.ALLOWED
    if refusal.kind == RESOURCE:
        return resource is Answer.ALLOWED
    return own is Answer.ALLOWED and boundary is Answer.ALLOWED


def _answer(policies: tuple[Policy, ...] | list[Policy], request: Request, refusal: Refusal) -> Answer:
    """Return what documents say; that a key is used through a service is taken for granted where it was."""
    verdict = decide(policies, request)
    if verdict.answer is Answer.DEPENDS and refusal.through and verdict.statement:
        unknown = verdict.statement.condition_keys - set(request.context)
        return Answer.ALLOWED if unknown <= {VIA_SERVICE} else Answer.DEPENDS
    return verdict.answer


def _resource_answer(role: Role, request: Request, refusal: Refusal, access: Access) -> Answer:
    policy = access.resources.get(request.resource)
    return _answer([policy], _asked_by(request, role), refusal) if policy else Answer.SILENT


def _asked_by(request: Request, role: Role) -> Request:
    """Return the request as a resource's policy sees it: the role, or its account, which leaves it to the role."""
    account = role.arn.split(":")[4]
    principals = (role.arn, account, f"arn:{role.arn.split(':')[1]}:iam::{account}:root")
    return Request(request.action, request.resource, request.context, principals)


def _refuser(case: _Case) -> _Refuser | None:
    """Return the one document that refuses: the one that the message names, else the first that does by its text."""
    if case.refusal.kind not in ("", IDENTITY, RESOURCE, BOUNDARY):
        kind = f"{case.refusal.kind}y"
        how = "denies it" if case.refusal.explicit else "does not allow it"
        return _Refuser("outer_policy", f"the {kind}", f"the {kind} {how}", Confidence.CERTAIN)
    return _denying(case) or _silent(case)


def _denying(case: _Case) -> _Refuser | None:
    """Return the document with a Deny that holds, or that the message calls an explicit one."""
    for document, verdict in _verdicts(case):
        if verdict.answer is Answer.DENIED and verdict.statement:
            sure = Confidence.CERTAIN if case.refusal.explicit else Confidence.LIKELY
            return _Refuser("explicit_deny", document, f"{document} denies it", sure, verdict.statement)
    if case.refusal.explicit:
        document = _document(case)
        return _Refuser("explicit_deny", document, f"{document} denies it", Confidence.LIKELY)
    return None


def _silent(case: _Case) -> _Refuser | None:
    """Return the document that would have to allow it and does not."""
    role, told = case.role, case.refusal.kind
    sure = Confidence.CERTAIN if told and case.refusal.resource else Confidence.LIKELY
    if role is None or not case.refusal.resource:
        cause = {BOUNDARY: "boundary", RESOURCE: "resource_policy"}.get(told, "missing_statement")
        weaker = Confidence.LIKELY if told else Confidence.POSSIBLE
        return _Refuser(cause, _document(case), f"{_document(case)} does not allow it", weaker)
    own = decide(role.policies, case.request)
    limits = decide([role.boundary], case.request) if role.boundary else Verdict(Answer.ALLOWED)
    if told == BOUNDARY or (not told and own.answer is Answer.ALLOWED and limits.answer is not Answer.ALLOWED):
        return _Refuser("boundary", "the permissions boundary", "the permissions boundary does not allow it", sure)
    if told == RESOURCE or (not told and own.answer is Answer.ALLOWED):
        is_key = case.refusal.action.startswith("kms:")
        document = "the key's policy" if is_key else "the resource's policy"
        return _Refuser("key_policy" if is_key else "resource_policy", document, f"{document} does not allow it", sure)
    if own.answer is Answer.DEPENDS and own.statement:
        keys = ", ".join(sorted(own.statement.condition_keys))
        sentence = f"a statement allows it only under a condition on {keys}, which was not met"
        return _Refuser("condition_not_met", "the role's policy", sentence, Confidence.LIKELY, own.statement)
    return _Refuser("missing_statement", "the role's policy", "no statement of the role allows it", sure)


def _verdicts(case: _Case) -> Iterator[tuple[str, Verdict]]:
    """Yield what each document that can be read says, by the order in which AWS asks them."""
    if case.role is None:
        return
    if policy := case.access.resources.get(case.request.resource):
        yield "the resource's policy", decide([policy], _asked_by(case.request, case.role))
    yield "the role's policy", decide(case.role.policies, case.request)
    if case.role.boundary:
        yield "the permissions boundary", decide([case.role.boundary], case.request)


def _document(case: _Case) -> str:
    documents = {IDENTITY: "the role's policy", RESOURCE: "the resource's policy", BOUNDARY: "the permissions boundary"}
    return documents.get(case.refusal.kind, "the role's policy")


def _finding(case: _Case, refuser: _Refuser, machines: set[str]) -> Finding:
    return Finding(
        Fault.ACCESS_DENIED,
        refuser.cause,
        case.refusal.role_name,
        f"{case.who} may not {case.what}: {refuser.sentence}",
        tuple(_evidence(case, refuser)),
        _fix(case, refuser, derived=case.refusal.role_name in machines),
        refuser.confidence,
        frozenset(denial.symptom for denial in case.denials),
    )


def _evidence(case: _Case, refuser: _Refuser) -> Iterator[Evidence]:
    for denial in case.denials[:MANY]:
        yield Evidence(denial.where, denial.message)
    if refuser.statement:
        yield Evidence(refuser.statement.address, json.dumps(refuser.statement.body))
    elif case.role and refuser.cause == "missing_statement":
        nearest = next(_nearly(case.role, case.refusal), None)
        text = json.dumps(nearest.body) if nearest else f"no statement names {case.refusal.action}"
        yield Evidence(f"{nearest.address}, the nearest statement" if nearest else f"policies of {case.who}", text)


def _nearly(role: Role, refusal: Refusal) -> Iterator[Statement]:
    """Yield the role's statements that allow the action on something else, then those that allow others on this."""
    allowing = [each for policy in role.policies for each in policy.statements if each.allows]
    yield from (each for each in allowing if each.speaks_of_action(refusal.action))
    if refusal.resource:
        named = (each for each in allowing if each.resources != ["*"])
        yield from (each for each in named if each.speaks_of_resource(refusal.resource))


def _fix(case: _Case, refuser: _Refuser, *, derived: bool) -> Fix:
    statement = smallest_statement(case.refusal.action, case.resources)
    if refuser.cause == "explicit_deny":
        where = str(refuser.statement) if refuser.statement else refuser.document
        return Fix(
            f"Narrow the Deny ({where}) so that it leaves out {case.who}, or do without {case.refusal.action}.",
            wrong_cure="An Allow, however wide, does not win over a Deny.",
        )
    if refuser.cause == "condition_not_met":
        return Fix(f"Make the request meet the condition of {refuser.statement}, or correct the condition.")
    if refuser.cause in ("key_policy", "resource_policy"):
        role = case.role.arn if case.role else case.refusal.principal
        resource = "*" if refuser.cause == "key_policy" else statement["Resource"]
        added = {**statement, "Principal": {"AWS": role}, "Resource": resource}
        return Fix(f"Add the statement to {refuser.document}.", statement=added, add_to=refuser.document)
    if refuser.cause in ("boundary", "outer_policy"):
        return Fix(
            f"Add the statement to {refuser.document}: who owns it decides.",
            statement=statement,
            add_to=refuser.document,
            wrong_cure="A statement in the role's policy does not widen what is above it.",
        )
    if derived:
        return Fix(
            "The machine's role is derived from its definition, so somebody changed the role or passed another ARN: "
            "see what `make plan` shows, then `make apply`.",
            statement=statement,
            add_to=f"the policy of {case.who}",
        )
    return Fix(
        f"Add the statement to the policy of {case.who}.",
        terraform=_permission(statement),
        statement=statement,
        add_to=f"the policy of {case.who}",
    )


def smallest_statement(action: str, resources: tuple[str, ...]) -> dict[str, object]:
    """Return the statement that allows just this: a resource that nobody named is left to fill in."""
    named: object = list(resources) if len(resources) > 1 else (resources or ("<the resource's ARN>",))[0]
    return {"Sid": _sid(action), "Effect": "Allow", "Action": action, "Resource": named}


def _permission(statement: dict[str, object]) -> str:
    """Return the statement as an entry of the function module's `permissions`."""
    resource = statement["Resource"]
    resources = json.dumps(resource if isinstance(resource, list) else [resource])
    return (
        f'permissions = {{ {statement["Sid"]} = {{ actions = ["{statement["Action"]}"], resources = {resources} }} }}'
    )


def _sid(action: str) -> str:
    service, _, operation = action.partition(":")
    return f"{operation[:1].upper()}{operation[1:]}Of{re.sub('[^A-Za-z0-9]', '', service.title())}"


def _patterns(resources: list[str]) -> tuple[str, ...]:
    """Return the resources, or the one prefix of many objects of a bucket."""
    if len(resources) <= MANY or not all(re.match(r"arn:[^:]+:s3:::[^/]+/", each) for each in resources):
        return tuple(resources)
    common = posixpath.commonpath(resources)
    return (f"{common}/*",) if ":s3:::" in common else tuple(resources)
