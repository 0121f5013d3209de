"""IAM: a denial names the kind of policy that refused.

AWS: "because no permissions boundary allows the …", "with an explicit deny in a resource-based policy" and so on
(https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
Engine: always an identity-based policy.
"""

import contextvars
from dataclasses import dataclass
from typing import Any

from ministack.core import iam_actions, iam_evaluator

from scripts.local_engine.patching import Function, wrap

IDENTITY, BOUNDARY, RESOURCE = "an identity-based policy", "a permissions boundary", "a resource-based policy"


@dataclass(frozen=True)
class Refusal:
    """What was refused, and by which kind of policy."""

    action: str
    resource: str
    kind: str


_last: contextvars.ContextVar[Refusal | None] = contextvars.ContextVar("last_refusal", default=None)


def apply() -> None:
    """Apply the mends of this file."""
    wrap(iam_evaluator, "evaluate")(_evaluate)
    wrap(iam_evaluator, "combine_resource_policy")(_combine)
    wrap(iam_actions, "identity_denial_message")(_message)


def _evaluate(original: Function, ctx: Any, policies: Any, *limits: Any) -> Any:
    """Note whether the principal's own policies refuse, or what limits them."""
    found = original(ctx, policies, *limits)
    if found.decision != "Allow":
        own = original(ctx, policies).decision
        refused_by_own = own == "Deny" or (own != "Allow" and found.decision != "Deny")
        _note(ctx, IDENTITY if refused_by_own else BOUNDARY)
    return found


def _combine(original: Function, identity: Any, ctx: Any, *rest: Any, **options: Any) -> Any:
    """Note that the resource's policy refuses, where the principal's do not; to read it is to evaluate, too."""
    before = _last.get()
    found = original(identity, ctx, *rest, **options)
    if found.decision != identity.decision:
        _note(ctx, RESOURCE)
    else:
        _last.set(before)
    return found


def _note(ctx: Any, kind: str) -> None:
    _last.set(Refusal(ctx.action, ctx.resource_arn, kind))


def _message(original: Function, action: str, principal_arn: str, resource: str, explicit_deny: bool) -> str:
    text: str = original(action, principal_arn, resource, explicit_deny)
    last = _last.get()
    if last is None or (last.action, last.resource) != (action, resource):
        return text
    return text.replace(IDENTITY, last.kind).replace(IDENTITY.removeprefix("an "), last.kind.split(" ", 1)[1])
