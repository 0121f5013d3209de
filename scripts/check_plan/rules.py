"""What would break after the apply, each rule a plan and the definitions in, findings out.

What is known only after the apply is not judged: the doctor judges it then.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scripts.asl.model import Machine, machines
from scripts.asl.rules import EVERYTHING, MISTAKES
from scripts.check_plan.plan import Plan, Resource
from scripts.doctor.findings import Confidence, Evidence, Fault, Finding, Fix
from scripts.doctor.rules.retry_loops import DEFAULT_ATTEMPTS, EXCESSIVE, SENSIBLE, permanent
from scripts.policies import Answer, Policy, Request, decide, document

API_LIMIT_SECONDS = 29  # https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
VISIBILITY_TIMES = 6  # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
FUNCTION_PARTS, MACHINE_PARTS = 7, 7  # of an ARN without an alias or version
DEFAULT_VISIBILITY, DEFAULT_TIMEOUT = 30, 3
_INTEGRATION = re.compile(r"arn:[^:]+:states:::(?:aws-sdk:)?(?P<service>\w+):(?P<call>\w+)")
_URI = re.compile(r"functions/(arn:[^/]+)/invocations")
OPEN = "*"  # a resource that a definition does not name by its ARN
API = "apigateway.amazonaws.com"
OVER_API = (Fault.TIME_OUT, "over_api_limit")
OVER_VISIBILITY = (Fault.TIME_OUT, "over_queue_visibility")
NO_ROLE = (Fault.TRIGGER, "role_missing")
NO_ACTION = (Fault.ACCESS_DENIED, "action_missing")
UNBOUNDED = (Fault.RETRY_LOOP, "unbounded_retry")
NO_QUEUE = (Fault.TRIGGER, "no_failure_queue")
PAST_ALIAS = (Fault.TRIGGER, "alias_bypassed")
# Where an integration's action has another name than its call.
ACTIONS = {
    "lambda:invoke": "lambda:InvokeFunction",
    "s3:listObjectsV2": "s3:ListBucket",
    "s3:headObject": "s3:GetObject",
    "s3:headBucket": "s3:ListBucket",
    "sfn:startExecution": "states:StartExecution",
}
SERVICES = {"sfn": "states", "cloudwatchlogs": "logs", "eventbridge": "events"}


@dataclass(frozen=True)
class Source:
    """A plan, and the definitions of state machines by the names that AWS will know them by."""

    plan: Plan
    definitions: Mapping[str, Machine]


type Rule = Callable[[Source], Iterator[Finding]]


def problems(document: dict[str, Any], folder: list[Machine]) -> list[Finding]:
    """Return what a plan would break; `folder` has the definitions for machines whose own is not known yet."""
    plan = Plan(document)
    source = Source(plan, _definitions(plan, folder))
    return [finding for rule in RULES for finding in rule(source)]


def time_limits(source: Source) -> Iterator[Finding]:
    """Find functions that may run longer than their caller waits: an API, or a queue's visibility."""
    for function in _behind_apis(source.plan):
        timeout = function["timeout"] or DEFAULT_TIMEOUT
        if timeout > API_LIMIT_SECONDS:
            sentence = f"it may run {timeout} s, and the API that calls it waits {API_LIMIT_SECONDS} s at most"
            fix = Fix(
                "Keep it below, or answer at once and let a state machine do the work.",
                terraform=f"limits = {{ timeout_seconds = {API_LIMIT_SECONDS - 1} }}",
            )
            yield _finding(OVER_API, function, sentence, f"timeout = {timeout}", fix)
    for mapping, queue, function in _consumed(source.plan):
        timeout = function["timeout"] or DEFAULT_TIMEOUT
        set_to = queue["visibility_timeout_seconds"]
        visible = DEFAULT_VISIBILITY if set_to is None else set_to
        if visible < VISIBILITY_TIMES * timeout:
            sentence = (
                f"{function.address} may run {timeout} s, but {queue.address} hides messages for {visible} s alone"
            )
            fix = Fix(
                f"Hide messages {VISIBILITY_TIMES} times as long as the function may run.",
                terraform=f"visibility_timeout_seconds = {VISIBILITY_TIMES * timeout}",
            )
            found = _finding(OVER_VISIBILITY, mapping, sentence, f"visibility_timeout_seconds = {visible}", fix)
            yield found if visible < timeout else replace(found, confidence=Confidence.LIKELY)


def permissions(source: Source) -> Iterator[Finding]:
    """Find triggers of functions that nobody lets in, and of machines without a role to start them."""
    plan = source.plan
    for target in plan.of("aws_cloudwatch_event_target"):
        if ":stateMachine:" in str(target["arn"]) and not plan.sets(target, "role_arn"):
            fix = Fix("Name the role that starts it.", terraform="role_arn = aws_iam_role.this.arn")
            yield _finding(NO_ROLE, target, "no role may start its machine", str(target["arn"]), fix)
    for resource, function, service in _invokers(plan):
        given = (each for each in plan.of("aws_lambda_permission") if each["principal"] == service)
        if not any(function in plan.meant(each, "function_name", "aws_lambda_function") for each in given):
            kind = (Fault.API_ERROR if service == API else Fault.TRIGGER, "permission_missing")
            name = function["function_name"]
            entry = f'principal = "{service}", function_name = "{name}", qualifier = "live", source_arn = …'
            fix = Fix("Let it in.", terraform=f'resource "aws_lambda_permission" "this" {{ {entry} }}')
            sentence = f"nothing lets {service} invoke {function.address}"
            yield _finding(kind, resource, sentence, f"function: {name}", fix)


def actions(source: Source) -> Iterator[Finding]:
    """Find integrations of a machine that its role has no statement for."""
    for machine in source.plan.of("aws_sfn_state_machine"):
        definition = source.definitions.get(str(machine["name"]))
        policies = _role_policies(source.plan, machine)
        if definition is None or policies is None:
            continue
        for place, action, resource in _needs(definition):
            if not _allowed(policies, action, resource):
                statement = {"Effect": "Allow", "Action": action, "Resource": resource}
                fix = Fix("Add the statement to the machine's role.", statement=statement, add_to="the machine's role")
                sentence = f"{place} needs {action} on {resource}, which no statement of its role allows"
                yield _finding(NO_ACTION, machine, sentence, place, fix)


def retries(source: Source) -> Iterator[Finding]:
    """Find retries without a sensible end, and of what cannot succeed; and streams that block on a bad record."""
    for machine in source.plan.of("aws_sfn_state_machine"):
        definition = source.definitions.get(str(machine["name"]))
        for place, retrier in _retriers(definition) if definition else ():
            if wrong := _endless(retrier):
                fix = Fix(f"Set MaxAttempts to {SENSIBLE}, with MaxDelaySeconds, and take out what stays.")
                yield _finding(UNBOUNDED, machine, f"{place} {wrong}", json.dumps(retrier), fix)
    for mapping in source.plan.of("aws_lambda_event_source_mapping"):
        bounded = source.plan.sets(mapping, "maximum_retry_attempts") and mapping["maximum_retry_attempts"] != -1
        if mapping["starting_position"] and not bounded:
            fix = Fix("Bound it.", terraform="maximum_retry_attempts = 3")
            sentence = "one bad record is tried again until it expires, and blocks its shard"
            yield _finding(UNBOUNDED, mapping, sentence, "maximum_retry_attempts = -1", fix)


def failure_queues(source: Source) -> Iterator[Finding]:
    """Find queues, streams and rules whose failures would be lost."""
    plan = source.plan
    for mapping, queue, _ in _consumed(plan):
        separate = (each for one in plan.of("aws_sqs_queue_redrive_policy") for each in _queues(plan, one))
        if not plan.sets(queue, "redrive_policy") and queue not in separate:
            fix = Fix(
                "Give the queue a failure queue.", terraform="redrive_policy = jsonencode({ maxReceiveCount = 5, … })"
            )
            sentence = f"{queue.address} gives a message that always fails back for ever"
            yield _finding(NO_QUEUE, mapping, sentence, "redrive_policy: none", fix)
    for mapping in plan.of("aws_lambda_event_source_mapping"):
        if mapping["starting_position"] and not plan.sets(mapping, "destination_config"):
            fix = Fix("Give the mapping a destination.", terraform="destination_config { on_failure { … } }")
            yield _finding(
                NO_QUEUE, mapping, "records that failed for good are dropped", "destination_config: none", fix
            )
    for target in plan.of("aws_cloudwatch_event_target"):
        if not plan.sets(target, "dead_letter_config"):
            fix = Fix("Give the target a failure queue.", terraform="dead_letter_config { arn = … }")
            yield _finding(
                NO_QUEUE, target, "events that cannot be delivered are dropped", "dead_letter_config: none", fix
            )


def aliases(source: Source) -> Iterator[Finding]:
    """Find whoever would invoke a function, or start a machine, past its alias."""
    fix = Fix("Name the alias `live`: what lies past it was tried by no pipeline, and cannot be rolled back.")
    for resource, arn in _called(source):
        if past_alias(arn):
            yield _finding(PAST_ALIAS, resource, "it goes past the alias", arn, fix)
    for permission in source.plan.of("aws_lambda_permission"):
        if not source.plan.sets(permission, "qualifier"):
            told = f"function_name = {permission['function_name']}, qualifier: none"
            yield _finding(PAST_ALIAS, permission, "it lets others go past the alias", told, fix)


def past_alias(arn: str) -> bool:
    """Tell whether an ARN means a function or a machine itself, and neither an alias nor a version of it."""
    parts = arn.split(":")
    function = arn.startswith("arn:") and ":function:" in arn and len(parts) == FUNCTION_PARTS
    return function or (arn.startswith("arn:") and ":stateMachine:" in arn and len(parts) == MACHINE_PARTS)


RULES: tuple[Rule, ...] = (time_limits, permissions, actions, retries, failure_queues, aliases)


def _finding(kind: tuple[Fault, str], resource: Resource, sentence: str, told: str, fix: Fix) -> Finding:
    evidence = (Evidence(f"plan, {resource.address}", told),)
    return Finding(*kind, resource.address, sentence, evidence, fix, Confidence.CERTAIN)


def _invokers(plan: Plan) -> Iterator[tuple[Resource, Resource, str]]:
    """Yield whatever invokes a function by a permission: the resource, the function and the service's name."""
    for kind, attribute, service in (
        ("aws_cloudwatch_event_target", "arn", "events.amazonaws.com"),
        ("aws_sns_topic_subscription", "endpoint", "sns.amazonaws.com"),
    ):
        for resource in plan.of(kind):
            for function in plan.meant(resource, attribute, "aws_lambda_function"):
                yield resource, function, service
    for notification in plan.of("aws_s3_bucket_notification"):
        for block in notification["lambda_function"] or []:
            for function in _functions_named(plan, str(block.get("lambda_function_arn") or "")):
                yield notification, function, "s3.amazonaws.com"
    for api, arn in _integrations(plan):
        for function in _functions_named(plan, arn):
            yield api, function, API


def _called(source: Source) -> Iterator[tuple[Resource, str]]:
    """Yield each resource that calls something, with the ARN that it calls, as far as that is known."""
    attributes = {
        "aws_cloudwatch_event_target": "arn",
        "aws_lambda_event_source_mapping": "function_name",
        "aws_sns_topic_subscription": "endpoint",
    }
    for resource in source.plan.of(*attributes):
        yield resource, str(resource[attributes[resource.type]] or "")
    for schedule in source.plan.of("aws_scheduler_schedule"):
        for block in schedule["target"] or []:
            yield schedule, str(block.get("arn") or "")
    yield from _integrations(source.plan)
    for machine in source.plan.of("aws_sfn_state_machine"):
        definition = source.definitions.get(str(machine["name"]))
        for _, _, arn in _needs(definition) if definition else ():
            yield machine, arn


def _allowed(policies: list[Policy], action: str, resource: str) -> bool:
    """Tell whether policies may allow an action; where its resource is left open, on any."""
    if resource == OPEN:
        statements = (each for policy in policies for each in policy.statements)
        return any(each.allows and each.speaks_of_action(action) for each in statements)
    # Step Functions authorises an alias by its machine's ARN.
    own = ":".join(resource.split(":")[:MACHINE_PARTS]) if ":stateMachine:" in resource else resource
    return decide(policies, Request(action, own)).answer in (Answer.ALLOWED, Answer.DEPENDS)


def _queues(plan: Plan, policy: Resource) -> list[Resource]:
    return plan.meant(policy, "queue_url", "aws_sqs_queue")


def _behind_apis(plan: Plan) -> list[Resource]:
    """Return the functions that an API calls: those that let API Gateway in, whatever is known of its document."""
    given = [each for each in plan.of("aws_lambda_permission") if each["principal"] == API]
    found = [each for one in given for each in plan.meant(one, "function_name", "aws_lambda_function")]
    found += [each for _, arn in _integrations(plan) for each in _functions_named(plan, arn)]
    return list({each.address: each for each in found}.values())


def _integrations(plan: Plan) -> list[tuple[Resource, str]]:
    """Return each API with the ARN of a function that it calls, as far as that is known."""
    documents = [(each, str(each["body"] or "")) for each in plan.of("aws_api_gateway_rest_api")]
    single = [(each, str(each["uri"] or "")) for each in plan.of("aws_api_gateway_integration")]
    return [(each, arn) for each, text in documents + single for arn in dict.fromkeys(_URI.findall(text))]


def _functions_named(plan: Plan, arn: str) -> list[Resource]:
    name = arn.split(":")[6] if ":function:" in arn else ""
    return [each for each in plan.of("aws_lambda_function") if name and each["function_name"] == name]


def _consumed(plan: Plan) -> Iterator[tuple[Resource, Resource, Resource]]:
    """Yield each mapping of a queue with the queue and the function."""
    for mapping in plan.of("aws_lambda_event_source_mapping"):
        for queue in plan.meant(mapping, "event_source_arn", "aws_sqs_queue"):
            for function in plan.meant(mapping, "function_name", "aws_lambda_function"):
                yield mapping, queue, function


def _definitions(plan: Plan, folder: list[Machine]) -> dict[str, Machine]:
    """Return the machines' definitions by name: as planned, or if that is not known the file of that name."""
    found: dict[str, Machine] = {}
    for machine in plan.of("aws_sfn_state_machine"):
        name = str(machine["name"])
        if machine["definition"]:
            found[name] = Machine(name, json.loads(machine["definition"]))
        elif file := next((each for each in folder if name.endswith(f"-{each.name.replace('_', '-')}")), None):
            found[name] = Machine(name, file.body)
    return found


def _role_policies(plan: Plan, machine: Resource) -> list[Policy] | None:
    """Return the inline policies of a machine's role; None when there are none, or one is not known yet."""
    roles = plan.meant(machine, "role_arn", "aws_iam_role")
    names = {each["name"] for each in roles}
    own = [each for each in plan.of("aws_iam_role_policy") if each["role"] in names or _of_role(plan, each, roles)]
    if not own or not all(each["policy"] for each in own):
        return None
    return [Policy(each.address, document(each["policy"])) for each in own]


def _of_role(plan: Plan, policy: Resource, roles: list[Resource]) -> bool:
    return any(each in roles for each in plan.meant(policy, "role", "aws_iam_role"))


def _needs(definition: Machine) -> Iterator[tuple[str, str, str]]:
    """Yield the place, the action and the resource of each integration; a resource that is no ARN is left open (`*`).

    A placeholder that Terraform has not filled in yet says nothing, so its task is left out.
    """
    for graph in machines(definition):
        for name, state in graph.states.items():
            found = _INTEGRATION.match(str(state.get("Resource", "")))
            arguments = state.get("Arguments", state.get("Parameters", {}))
            values = arguments.values() if isinstance(arguments, dict) else ()
            texts = [value for value in values if isinstance(value, str)]
            if found and not any(text.startswith("${") for text in texts):
                service, call = SERVICES.get(found["service"], found["service"]), found["call"]
                usual = f"{service}:{call[0].upper()}{call[1:]}"
                arn = next((text for text in texts if text.startswith(f"arn:aws:{service}:")), OPEN)
                yield f"{graph.name}.{name}", ACTIONS.get(f"{found['service']}:{call}", usual), arn


def _retriers(definition: Machine) -> Iterator[tuple[str, dict[str, Any]]]:
    for graph in machines(definition):
        for name, state in graph.states.items():
            for retrier in state.get("Retry", []):
                yield f"{graph.name}.{name}", retrier


def _endless(retrier: dict[str, Any]) -> str:
    """Return what is wrong with a retrier, "" if it ends soon and repeats what may pass."""
    attempts = retrier.get("MaxAttempts", DEFAULT_ATTEMPTS)
    if attempts == 0:
        return ""
    if attempts > EXCESSIVE:
        return f"may be tried again {attempts:,} times"
    repeated = [each for each in retrier.get("ErrorEquals", []) if each in MISTAKES - {EVERYTHING} or permanent(each)]
    return f"is tried again on {', '.join(repeated)}, which stays" if repeated else ""
