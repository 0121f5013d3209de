"""Who may do what: decisions about roles that AWS services act with, and the log of every decision.

AWS: a service acts with the role it was given and with nothing else, and the role must trust that service
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
"""

import json
import os
import threading
import time
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, TextIO

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam, kms

from scripts.local_engine import encryption
from scripts.local_engine.request import NOTHING, Need, Request
from scripts.local_engine.service_authorization import machine_qualifier, resources

_LOG = Path(os.environ["ENGINE_DIRECTORY"]) / "decisions.jsonl"
_lock = threading.Lock()


@dataclass(frozen=True)
class Decision:
    """An authorization's outcome: true when allowed, otherwise `reason` is AWS's sentence."""

    decision: str
    reason: str = ""

    def __bool__(self) -> bool:
        return self.decision == "Allow"


@dataclass(frozen=True)
class Question:
    """What somebody wants to do: `via` is the API or the service in whose name, `context` the condition keys."""

    action: str
    resource: str
    via: str
    context: dict[str, Any]


def record(principal: str, question: Question, decision: str) -> None:
    """Append one decision to the log: `principal` is a role's ARN or a service, `decision` what `Decision` holds."""
    entry = {"time": round(time.time(), 3), "principal": principal, "decision": decision, **asdict(question)}
    entry["context"] = {key: value for key, value in question.context.items() if isinstance(value, str | list)}
    with _lock:
        _log().write(f"{json.dumps(entry)}\n")


@cache
def _log() -> TextIO:
    """Return the log, open as long as the engine lives: to open it for each decision would take as long as deciding."""
    return _LOG.open("a", buffering=1)


def role_allows(
    role_arn: str, action: str, resource: str, context: dict[str, Any] | None = None, via: str = "service"
) -> Decision:
    """Decide whether a role may do `action` on `resource` (an ARN or `*`), by its own and the resource's policies.

    Where the resource is encrypted with a customer's key, the role must be allowed to use that key too.
    `context` holds the request's condition keys; `via` names the service that acts with the role, and its session.
    """
    return role_may(role_arn, Need(action, resource, context or {}), NOTHING, via)


def role_may(role_arn: str, need: Need, asked: Request, via: str) -> Decision:
    """Decide like `role_allows`, about one need of a request that a service sends with the role."""
    found = _role_decision(role_arn, need.action, need.resource, need.context, via)
    key_decisions = (
        _role_decision(role_arn, needed, use.key_arn, use.context, via)
        for use in (encryption.uses(need.action, need.resource, asked) if found else ())
        for needed in use.actions
    )
    return next((decision for decision in key_decisions if not decision), found)


def _role_decision(role_arn: str, action: str, resource: str, context: dict[str, Any] | None, via: str) -> Decision:
    name, account = role_name(role_arn), get_account_id()
    if qualifier := machine_qualifier(action, resource):
        [resource] = resources(action, resource, NOTHING)
    request = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/{via}",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        service_context={
            "aws:tagkeys": None,
            **{key.lower(): value for key, value in (qualifier | (context or {})).items()},
        },
    )
    policies = iam_evaluator._gather_role_policies(name, account)
    limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    found = iam_evaluator.evaluate(request, policies, *limits)
    service = action.split(":", 1)[0]
    if policy := iam_evaluator._resource_policy(service, resource):
        required = service in iam_evaluator._POLICY_REQUIRED
        found = iam_evaluator.combine_resource_policy(found, request, *policy, required=required, limits=limits)
    record(role_arn, Question(action, resource, via, qualifier | (context or {})), found.decision)
    if found.decision == "Allow":
        return Decision("Allow")
    explicit = found.decision == "Deny"
    return Decision(
        found.decision, iam_actions.identity_denial_message(action, request.principal_arn, resource, explicit)
    )


def policy_allows(policy: Any, service: str, action: str, resource: str, source_arn: str) -> Decision:
    """Decide whether a resource's own policy lets the service principal `service` act on it for `source_arn`.

    Where the resource is encrypted with a customer's key, the key's policy must let the service use it too.
    """
    context = {"aws:sourcearn": source_arn, "aws:sourceaccount": get_account_id()}
    found = _policy_decision(policy, service, action, resource, context)
    return found and service_may_use_keys(service, action, resource, source_arn)


def service_may_use_keys(service: str, action: str, resource: str, source_arn: str) -> Decision:
    """Decide whether a service principal may use the customer-managed key that `action` on `resource` entails."""
    source = {"aws:sourcearn": source_arn, "aws:sourceaccount": get_account_id()}
    decisions = (
        key_allows(use.key_arn, service, needed, use.context | source)
        for use in encryption.uses(action, resource)
        for needed in use.actions
    )
    return next((decision for decision in decisions if not decision), Decision("Allow"))


def key_allows(key_arn: str, service: str, action: str, context: dict[str, str]) -> Decision:
    """Decide whether a key's own policy lets a service principal use it, with the given condition keys."""
    key = kms._resolve_key(key_arn)
    return _policy_decision(key["Policy"] if key else None, service, action, key_arn, context)


def _policy_decision(policy: Any, service: str, action: str, resource: str, context: dict[str, str]) -> Decision:
    source_arn = context.get("aws:sourcearn", service)
    found = _service_decision(policy, service, action, resource, context)
    record(service, Question(action, resource, source_arn, dict(context)), found)
    return Decision(found, "" if found == "Allow" else f"{service} may not {action} on {resource} for {source_arn}")


def service_may_assume(role_arn: str, service: str, source_arn: str | None = None) -> Decision:
    """Decide whether a role trusts `service`; logged only when it does not.

    `source_arn` is None where AWS does not document that the service sends aws:SourceArn; the account is always sent.
    """
    role = iam._roles.get(role_name(role_arn))
    context = {"aws:sourceaccount": get_account_id()} | ({"aws:sourcearn": source_arn} if source_arn else {})
    trust = role.get("AssumeRolePolicyDocument") if role else None
    found = _service_decision(trust, service, "sts:AssumeRole", role_arn, context)
    if found == "Allow":
        return Decision(found)
    record(service, Question("sts:AssumeRole", role_arn, source_arn or service, dict(context)), found)
    return Decision(found, f"The service {service} is not authorized to assume the role {role_arn}")


def role_name(role_arn: str) -> str:
    """Return the name in a role's or an assumed role's ARN."""
    resource = role_arn.split(":", 5)[-1]
    return resource.split("/")[1] if resource.startswith("assumed-role/") else resource.rsplit("/", 1)[-1]


def role_arn_of(principal: str) -> str:
    """Return the ARN of the role behind an assumed role's ARN; any other principal is returned as it is."""
    if ":assumed-role/" not in principal:
        return principal
    role = iam._roles.get(role_name(principal))
    return str(role["Arn"]) if role else principal


def _service_decision(policy: Any, service: str, action: str, resource: str, context: dict[str, str]) -> str:
    request = iam_evaluator.EvalContext(
        service,
        "Service",
        get_account_id(),
        action,
        resource,
        get_region(),
        service_context={key.lower(): value for key, value in context.items()},
    )
    return str(iam_evaluator.evaluate_resource_policy(policy, request, service=service).decision)
