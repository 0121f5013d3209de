"""Compares a wish with the policy: either every reason against it, or the plan of what follows its approval."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from approval_workflow.domain.moments import iso
from approval_workflow.domain.policy import Policy
from approval_workflow.domain.request import NOBODY, Request, Status
from approval_workflow.domain.wish import Wish


@dataclass(frozen=True)
class Plan:
    """What follows if people agree; `types` are the instance types to try in turn, none for an extension."""

    requester: str
    requester_name: str
    approvers: tuple[str, ...]
    types: tuple[str, ...]
    price_usd: Decimal
    reasons: tuple[str, ...]

    def refused(self, reason: str) -> "Plan":
        """Return the plan with one more reason against the request."""
        return replace(self, reasons=(*self.reasons, reason))

    def to_document(self, policy: Policy, wish: Wish, image_id: str | None, expires_at: int) -> dict[str, Any]:
        """Return what the state machine goes by."""
        who = {"requester": self.requester, "requester_name": self.requester_name}
        if self.reasons:
            return {"valid": False, "reasons": list(self.reasons), **who}
        return {
            "valid": True,
            **who,
            "rounds": list(policy.rounds),
            "types": list(self.types),
            "image_id": image_id,
            "hours": wish.hours,
            "ends_after_seconds": wish.hours * 3600,
            "extends": wish.extends or None,
            "warning_seconds": policy.warning_seconds,
            "price_usd": str(self.price_usd),
            "expires_at": expires_at,
        }


def judge(policy: Policy, request: Request, extended: Request | None, now: int) -> Plan:
    """Return the plan of a request, or the reasons against it; `extended` is the request whose instance it extends."""
    wish, own = request.wish, policy.people.names_of(request.requester)
    approvers = policy.people.others(policy.approvers, own)
    reasons = [] if own else ["the policy names nobody who calls as the requester, who might be an approver"]
    if wish.cost_centre not in policy.cost_centres:
        reasons.append(f"the cost centre {wish.cost_centre} is not one of {', '.join(policy.cost_centres)}")
    if len(approvers) < policy.approvals_needed:
        reasons.append(f"{policy.approvals_needed} approvals are needed, and {len(approvers)} others may give one")
    types: tuple[str, ...] = ()
    if wish.extends:
        reasons += reasons_against_extension(policy, request, extended, now)
    else:
        types = _types(policy, wish)
        reasons += _reasons_against_launch(policy, wish)
    price = max((policy.cost(each, wish.hours) for each in types), default=Decimal(0))
    if extended and extended.instance_type in policy.prices:
        price = policy.cost(extended.instance_type, wish.hours)
    return Plan(request.requester, own[0] if own else NOBODY, tuple(approvers), types, price, tuple(reasons))


def reasons_against_extension(policy: Policy, request: Request, extended: Request | None, now: int) -> list[str]:
    """Say what stands against more hours for a running instance: they count together with those it has."""
    wish = request.wish
    if not extended or not _are_one_person(policy, request, extended):
        return [f"the requester has no request {wish.extends}"]
    if extended.status is not Status.APPROVED or not extended.instance_id or extended.ends_at <= iso(now):
        return [f"the instance of {wish.extends} does not run"]
    return _reasons_against_time(policy, extended.instance_type, extended.granted_hours + wish.hours)


def _are_one_person(policy: Policy, *requests: Request) -> bool:
    mine, theirs = (policy.people.names_of(each.requester) for each in requests)
    return not set(mine).isdisjoint(theirs)


def _reasons_against_launch(policy: Policy, wish: Wish) -> list[str]:
    reasons = _reasons_against_time(policy, wish.instance_type, wish.hours)
    if wish.image_parameter not in policy.image_parameters:
        reasons.append(f"the image {wish.image_parameter} is not one of {', '.join(policy.image_parameters)}")
    return reasons


def _reasons_against_time(policy: Policy, instance_type: str, hours: int) -> list[str]:
    reasons = []
    if hours > policy.max_hours:
        reasons.append(f"{hours} hours are more than the {policy.max_hours} that are allowed")
    if instance_type not in policy.prices:
        reasons.append(f"the instance type {instance_type} is not one of {', '.join(policy.prices)}")
    elif (cost := policy.cost(instance_type, hours)) > policy.max_price_usd:
        reasons.append(f"{hours} hours of {instance_type} cost {cost} USD, more than {policy.max_price_usd} USD")
    return reasons


def _types(policy: Policy, wish: Wish) -> tuple[str, ...]:
    """Return the type that is asked for, then the others that the price cap allows."""
    affordable = [each for each in policy.prices if policy.cost(each, wish.hours) <= policy.max_price_usd]
    return tuple(sorted(affordable, key=lambda each: each != wish.instance_type))
