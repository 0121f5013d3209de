"""What the state machine's steps make of a request; each returns None if it was done before, so steps may run twice."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from approval_workflow.domain.audit import Entry
from approval_workflow.domain.errors import ExtensionRefused, NotApproved, WrongOutcome
from approval_workflow.domain.moments import hours_later, iso
from approval_workflow.domain.request import Change, Request, Status, changed

_MAX_DETAIL = 1000
# An outcome -> the statuses in which it may be reported; those of people's decisions are theirs to set. A failure may
# also follow an approval that was reported before.
_REPORTED_IN = {
    Status.APPROVED: {Status.APPROVED},
    Status.REJECTED: {Status.REJECTED},
    Status.EXPIRED: {Status.EXPIRED},
    Status.INVALID: {Status.PENDING},
    Status.LAUNCH_FAILED: {Status.PENDING, Status.APPROVED, Status.ENDING},
}


def planned(
    request: Request, plan: Mapping[str, Any], approvers: tuple[str, ...], needed: int, at: str
) -> Change | None:
    """Keep what validation found; reasons against the request are audited with its outcome."""
    if request.plan:
        return None
    values: dict[str, Any] = {"plan": plan, "requester_name": plan["requester_name"]}
    if not plan["valid"]:
        return changed(request, **values)
    values |= {"approvers": approvers, "needed": needed, "expires_at": plan["expires_at"]}
    return changed(request, Entry("VALIDATED", at, detail=replace(request, **values).quorum), **values)


def asked(request: Request, round_number: int, task_token: str, at: str) -> Change | None:
    """Keep the token that a decision answers; one audit entry for each round, whichever attempt of it this is."""
    if request.status is not Status.PENDING or request.task_token == task_token:
        return None
    entry = None
    if round_number >= request.asked_rounds:
        entry = Entry("REMINDED" if round_number else "ASKED", at, detail=", ".join(unheard(request)))
    rounds = max(request.asked_rounds, round_number + 1)
    return changed(request, entry, task_token=task_token, asked_rounds=rounds)


def unheard(request: Request) -> list[str]:
    """Return the approvers who have not decided."""
    return [name for name in request.approvers if name not in request.votes]


def closed(request: Request, at: str) -> Change | None:
    """End the time for decisions; one that came before counts."""
    if request.status is not Status.PENDING:
        return None
    return changed(request, Entry("CLOSED", at), status=Status.EXPIRED, task_token="")


def reported(request: Request, outcome: str, detail: object, at: str) -> Change | None:
    """Record how the request came out. Raises `WrongOutcome` if that is not what was decided."""
    if request.outcome == outcome in _REPORTED_IN:
        return None
    if outcome not in _REPORTED_IN or request.status not in _REPORTED_IN[Status(outcome)]:
        raise WrongOutcome(f"{request.request_id} is {request.status}, and {outcome or 'nothing'} was reported")
    text = _sentence(detail)
    entry = Entry(outcome, at, detail=text)
    return changed(request, entry, status=Status(outcome), outcome=outcome, detail=text, task_token="")


def launching(request: Request, now: int) -> Change | None:
    """Fix the end of the time that was asked for, so that a retry launches the very same. Raises `NotApproved`."""
    if request.status is not Status.APPROVED or request.wish.extends:
        raise NotApproved(f"{request.request_id} is {request.status}")
    if request.ends_at:
        return None
    hours = request.wish.hours
    return changed(request, ends_at=hours_later(iso(now), hours), granted_hours=hours, task_token="")


def launched(request: Request, instance_id: str, instance_type: str, at: str) -> Change | None:
    """Keep which instance was launched."""
    if request.instance_id == instance_id:
        return None
    entry = Entry("LAUNCHED", at, detail=f"{instance_id}, a {instance_type}, until {request.ends_at}")
    return changed(request, entry, instance_id=instance_id, instance_type=instance_type)


def extended(request: Request, extending: Request, reasons: list[str], at: str) -> Change | None:
    """Move the end of a running instance. Raises `NotApproved`, and `ExtensionRefused` for the reasons against it."""
    if extending.status is not Status.APPROVED:
        raise NotApproved(f"{extending.request_id} is {extending.status}")
    if extending.request_id in request.extensions:
        return None
    if reasons:
        raise ExtensionRefused("; ".join(reasons))
    hours = extending.wish.hours
    end = hours_later(request.ends_at, hours)
    entry = Entry("EXTENDED", at, extending.requester, f"until {end}, by {extending.request_id}")
    extensions = {**request.extensions, extending.request_id: end}
    return changed(request, entry, ends_at=end, granted_hours=request.granted_hours + hours, extensions=extensions)


def ending(request: Request, ends_at: str) -> Change | None:
    """Begin to end the instance, unless its end was moved a moment ago: from here on it is not."""
    if request.status is not Status.APPROVED or request.ends_at != ends_at:
        return None
    return changed(request, status=Status.ENDING)


def ended(request: Request, at: str) -> Change | None:
    """Note that the instance is gone."""
    if request.status is not Status.ENDING:
        return None
    return changed(request, Entry("ENDED", at, detail=request.instance_id), status=Status.ENDED)


def _sentence(detail: object) -> str:
    """Return what the state machine says about an outcome as text: reasons, a caught error, or a sentence."""
    if isinstance(detail, list):
        text = "; ".join(map(str, detail))
    elif isinstance(detail, Mapping):
        text = f"{detail.get('Error') or 'Unknown'}: {detail.get('Cause') or ''}"
    else:
        text = str(detail or "")
    return text[:_MAX_DETAIL]
