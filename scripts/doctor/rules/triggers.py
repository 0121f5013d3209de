"""Fault 4, a trigger that does not fire: the first broken link of its chain, from the source to the failure queue.

source -> trigger -> filter -> target -> permission -> failure queue
"""

import difflib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scripts.doctor.facts import Access, Environment, Target, Trigger
from scripts.doctor.findings import Confidence, Evidence, Fault, Finding, Fix
from scripts.policies import Answer, Policy, Request, decide

ALIKE = 0.8  # how alike two prefixes are when one is a slip of the other
SHOWN = 3
# What the sender of each kind of trigger is called, and what it needs on each kind of target.
SENDERS = MappingProxyType(
    {
        "rule": "events.amazonaws.com",
        "schedule": "scheduler.amazonaws.com",
        "notification": "s3.amazonaws.com",
    }
)
NEEDS = MappingProxyType(
    {
        "lambda": "lambda:InvokeFunction",
        "states": "states:StartExecution",
        "sqs": "sqs:SendMessage",
        "sns": "sns:Publish",
    }
)
MACHINE_PARTS = 7  # arn:aws:states:REGION:ACCOUNT:stateMachine:NAME, before an alias


@dataclass(frozen=True)
class _Broken:
    """The first link that does not hold."""

    link: str
    sentence: str
    evidence: tuple[Evidence, ...]
    fix: Fix
    confidence: Confidence = Confidence.CERTAIN


type _Check = Callable[[Trigger, Access], _Broken | None]


def findings(environment: Environment) -> Iterator[Finding]:
    """Yield one finding for each trigger whose chain is broken, about the first link that is."""
    for trigger in environment.triggers:
        broken = next(filter(None, (check(trigger, environment.access) for check in _CHAIN)), None)
        if broken:
            yield Finding(
                Fault.TRIGGER,
                f"{broken.link}_broken",
                trigger.name,
                f"the {trigger.kind} {trigger.name} does not start what it should: {broken.sentence}",
                broken.evidence + _undelivered(trigger),
                broken.fix,
                broken.confidence,
                frozenset({f"trigger:{trigger.arn}"}),
            )


def _source(trigger: Trigger, _: Access) -> _Broken | None:
    if trigger.source_on:
        return None
    if trigger.kind == "rule":
        sentence = f"{trigger.source} sends no events to EventBridge"
        fix = Fix(
            "Turn the bucket's notifications to EventBridge on; another notification resource for the same bucket may "
            "have turned them off, as a bucket has only one.",
            terraform='resource "aws_s3_bucket_notification" "this" { eventbridge = true }',
        )
    else:
        sentence = f"its source {trigger.source} does not exist"
        fix = Fix("Pass the ARN of the source that is there, then `make apply`.")
    return _Broken("source", sentence, (Evidence(trigger.where, f"source: {trigger.source}"),), fix)


def _enabled(trigger: Trigger, _: Access) -> _Broken | None:
    if trigger.enabled:
        return None
    fix = Fix(f"Turn the {trigger.kind} on: `make apply` does, since nothing in the repository turns it off.")
    return _Broken("trigger", "it is turned off", (Evidence(trigger.where, "state: DISABLED"),), fix)


def _filter(trigger: Trigger, _: Access) -> _Broken | None:
    """Find objects that came and were let pass by nothing, though they look very much like what the filter wants."""
    if not trigger.arrivals or any(arrival.passes for arrival in trigger.arrivals):
        return None
    for arrival in trigger.arrivals:
        for literal in trigger.literals:
            if slip := _slip(arrival.key, literal):
                evidence = (
                    Evidence(trigger.where, f"filter: {trigger.filter}"),
                    Evidence(trigger.source, f"{arrival.event} {arrival.key}"),
                )
                fix = Fix(f"Let the filter say {slip!r} in place of {literal!r}, or have objects sent to {literal!r}.")
                sentence = f"{arrival.key!r} came, but its filter wants {literal!r}"
                return _Broken("filter", sentence, evidence, fix, Confidence.LIKELY)
    return _event_type(trigger)


def _event_type(trigger: Trigger) -> _Broken | None:
    """Find objects in the right place that came by another kind of event than the filter names."""
    placed = [each for each in trigger.arrivals if all(_has(each.key, literal) for literal in trigger.literals)]
    if not placed or not trigger.literals:
        return None
    evidence = (
        Evidence(trigger.where, f"filter: {trigger.filter}"),
        Evidence(trigger.source, f"{placed[0].event} {placed[0].key}"),
    )
    fix = Fix(f"Let the filter take {placed[0].event}, too; `s3:ObjectCreated:*` takes every way to make an object.")
    sentence = f"{placed[0].key!r} came as {placed[0].event}, which its filter leaves out"
    return _Broken("filter", sentence, evidence, fix, Confidence.LIKELY)


def _target(trigger: Trigger, _: Access) -> _Broken | None:
    if not trigger.targets:
        evidence = (Evidence(trigger.where, "targets: none"),)
        return _Broken("target", "it has no target", evidence, Fix("Give it its target again: `make apply`."))
    for target in trigger.targets:
        if target.exists is False:
            evidence = (Evidence(trigger.where, f"target: {target.arn}"),)
            fix = Fix("Pass the ARN of the alias that is there, then `make apply`.")
            return _Broken("target", f"its target {target.arn} does not exist", evidence, fix)
    return None


def _permission(trigger: Trigger, access: Access) -> _Broken | None:
    if trigger.problem:
        evidence = (Evidence(trigger.where, trigger.problem),)
        fix = Fix("Add what the service asks for to the policy of the role that it polls with, then `make apply`.")
        return _Broken("permission", "the service itself reports a problem", evidence, fix)
    for target in trigger.targets:
        service = target.arn.split(":")[2]
        if trigger.kind in SENDERS and service in NEEDS:
            broken = (
                _role_permission(trigger, target, access)
                if target.role_arn
                else _resource_permission(trigger, target, access)
            )
            if broken:
                return broken
    return None


def _role_permission(trigger: Trigger, target: Target, access: Access) -> _Broken | None:
    """Judge the role that the trigger's service takes to start its target: its trust first, then its policies."""
    role = access.roles.get(target.role_arn.rsplit("/", 1)[-1])
    if role is None:
        return None
    if role.trust:
        trusted = decide([role.trust], _request("sts:AssumeRole", role.arn, trigger))
        if trusted.answer in (Answer.SILENT, Answer.DENIED):
            trust = _statement("sts:AssumeRole", "", trigger)
            return _refused(trigger, f"the role {role.name} does not trust {SENDERS[trigger.kind]}", role.trust, trust)
    service = target.arn.split(":")[2]
    action, resource, context = NEEDS[service], target.arn, {}
    if service == "states":
        parts = target.arn.split(":")
        resource = ":".join(parts[:MACHINE_PARTS])
        context = {"states:statemachinequalifier": parts[MACHINE_PARTS]} if len(parts) > MACHINE_PARTS else {}
    request = Request(action, resource, context)
    for policies in (role.policies, (role.boundary,) if role.boundary else None):
        if policies is not None and decide(policies, request).answer in (Answer.SILENT, Answer.DENIED):
            where = policies[0] if policies else Policy(f"policies of the role {role.name}", {"Statement": []})
            added = {"Sid": "StartTheTarget", "Effect": "Allow", "Action": action, "Resource": resource}
            return _refused(trigger, f"the role {role.name} may not {action} on {resource}", where, added)
    return None


def _resource_permission(trigger: Trigger, target: Target, access: Access) -> _Broken | None:
    """Judge the target's own policy: without one, or a role, nobody of another service may use it."""
    service = target.arn.split(":")[2]
    if service == "states":
        sentence = "no role is named that may start the state machine"
        fix = Fix("Name the role that starts it: `modules/event_trigger` makes it for a target of kind state_machine.")
        return _Broken("permission", sentence, (Evidence(trigger.where, f"target: {target.arn}"),), fix)
    policy = access.resources.get(target.arn, Policy(f"policy of {target.arn}", {"Statement": []}))
    verdict = decide([policy], _request(NEEDS[service], target.arn, trigger))
    if verdict.answer in (Answer.ALLOWED, Answer.DEPENDS):
        return None
    statement = _statement(NEEDS[service], target.arn, trigger)
    sentence = f"the policy of {target.arn} does not let {SENDERS[trigger.kind]} {NEEDS[service]} for it"
    return _refused(trigger, sentence, policy, statement)


def _request(action: str, resource: str, trigger: Trigger) -> Request:
    account = next((part for part in (trigger.arn.split(":")[4], resource.split(":")[4]) if part), "")
    context = {"aws:sourcearn": trigger.sender_arn or trigger.arn, "aws:securetransport": "true"}
    context |= {"aws:sourceaccount": account} if account else {}
    return Request(action, resource, context, (SENDERS[trigger.kind],))


def _statement(action: str, resource: str, trigger: Trigger) -> dict[str, object]:
    named = {"Resource": resource} if resource else {}
    return {
        "Sid": "StartedByTheTrigger",
        "Effect": "Allow",
        "Principal": {"Service": SENDERS[trigger.kind]},
        "Action": action,
        **named,
        "Condition": {"ArnEquals": {"aws:SourceArn": trigger.sender_arn or trigger.arn}},
    }


def _refused(trigger: Trigger, sentence: str, policy: Policy, statement: Mapping[str, object]) -> _Broken:
    evidence = (
        Evidence(trigger.where, f"targets: {', '.join(target.arn for target in trigger.targets)}"),
        Evidence(policy.where, json.dumps(policy.document)),
    )
    terraform = ""
    if statement["Action"] == "lambda:InvokeFunction" and "Principal" in statement:
        function, _, qualifier = str(statement["Resource"]).partition(":function:")[2].partition(":")
        terraform = (
            f'resource "aws_lambda_permission" "this" {{ action = "lambda:InvokeFunction", principal = '
            f'"{SENDERS[trigger.kind]}", function_name = "{function}", qualifier = "{qualifier}", '
            f'source_arn = "{trigger.arn}" }}'
        )
    fix = Fix(f"Add the statement to {policy.where}.", terraform, dict(statement), policy.where)
    return _Broken("permission", sentence, evidence, fix)


def _failure_queue(trigger: Trigger, access: Access) -> _Broken | None:
    """Judge where events wait that could not be delivered: a queue that is not there loses them."""
    for target in trigger.targets:
        queue = target.failure_queue
        evidence = (Evidence(trigger.where, f"failure queue: {queue or 'none'}"),)
        if target.failure_queue_exists is False:
            fix = Fix("Make the queue again: `make apply`.")
            return _Broken("failure_queue", f"its failure queue {queue} does not exist", evidence, fix)
        policy = access.resources.get(queue)
        if policy and trigger.kind == "rule":
            verdict = decide([policy], _request("sqs:SendMessage", queue, trigger))
            if verdict.answer in (Answer.SILENT, Answer.DENIED):
                sentence = f"its failure queue {queue} does not take its events"
                broken = _refused(trigger, sentence, policy, _statement("sqs:SendMessage", queue, trigger))
                return _Broken("failure_queue", broken.sentence, broken.evidence, broken.fix)
    return None


_CHAIN: tuple[_Check, ...] = (_source, _enabled, _filter, _target, _permission, _failure_queue)


def _undelivered(trigger: Trigger) -> tuple[Evidence, ...]:
    return tuple(Evidence(line.where, line.text) for line in trigger.undelivered[:SHOWN])


def _slip(key: str, literal: str) -> str:
    """Return the part of a key that stands where a filter has a very similar literal, "" without such a slip."""
    if _has(key, literal):
        return ""
    start, end = key[: len(literal)], key[-len(literal) :]
    if "/" in literal:
        depth = literal.strip("/").count("/") + 1
        start = "/".join(key.strip("/").split("/")[:depth]) + "/"
    if end.lower() == literal.lower():
        return end
    near = difflib.SequenceMatcher(None, start.lower(), literal.lower()).ratio() >= ALIKE
    same = start.lower().strip("/") == literal.lower().strip("/")
    return start if same or (near and literal.endswith("/")) else ""


def _has(key: str, literal: str) -> bool:
    return key.startswith(literal) or key.endswith(literal)
