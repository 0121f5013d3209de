"""All the facts about one environment, gathered in the order in which they need each other."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from scripts.deployment import Deployment
from scripts.doctor.adapters import apis, functions, machines, roles, triggers
from scripts.doctor.adapters.reading import Reader, Window
from scripts.doctor.facts import Access, Api, Caller, Denial, Environment, Function, Role, StateMachine, Trigger
from scripts.doctor.rules.refusals import parse
from scripts.local_engine import Engine
from scripts.policies import Policy

type Decisions = Callable[[], list[dict[str, Any]]]


def gather(deployment: Deployment, window: Window, decisions: Decisions | None = None) -> Environment:
    """Return all that the rules want to know. Raises ClientError or BotoCoreError when nothing at all can be read.

    `decisions` reads the log of a local engine that is not the usual one; AWS has traces in its place.
    """
    deployment.client("sts").get_caller_identity()  # without any answer every sentence in `unread` would be the same
    reader = Reader(deployment, window)
    found_apis = tuple(apis.apis(reader))
    found_triggers = tuple(triggers.triggers(reader))
    found_machines = tuple(machines.machines(reader))
    listed = functions.functions(reader, decisions or _decisions(reader))
    found_functions = tuple(_called(reader, each, found_apis) for each in listed)
    machine_roles = {each.name: _machine_role(reader, each) for each in found_machines}
    denials = tuple(
        [denial for each in found_functions for denial in functions.denials(each)]
        + [denial for each in found_machines for denial in machines.denials(each, machine_roles[each.name])]
    )
    arns = {each.role_arn for each in found_functions} | set(machine_roles.values())
    arns |= {target.role_arn for each in found_triggers for target in each.targets}
    return Environment(
        deployment.environment,
        found_functions,
        found_machines,
        found_triggers,
        found_apis,
        denials,
        Access(_roles(reader, arns), _resources(reader, found_functions, found_triggers, denials)),
        tuple(dict.fromkeys(reader.unread)),
    )


def _decisions(reader: Reader) -> Decisions | None:
    """Return what reads the local engine's log of decisions, read once; None for AWS."""
    return cache(Engine().decisions) if reader.deployment.endpoint_url else None


def _called(reader: Reader, function: Function, found: Iterable[Api]) -> Function:
    """Return the function with the APIs that wait for it, and what Lambda refused them."""
    callers = {
        Caller(f"the API {api.name}", route.limit_ms / 1000, "the longest that API Gateway waits")
        for api in found
        for route in api.routes
        if route.function_arn.split(":")[6] == function.name
    }
    if not callers:
        return function
    waiting = tuple(sorted(callers, key=lambda each: each.name))
    return functions.throttles(reader, functions.called_by(function, waiting))


def _machine_role(reader: Reader, machine: StateMachine) -> str:
    describe = reader.client("stepfunctions").describe_state_machine
    return str(reader.get(f"role of {machine.name}", {"roleArn": ""}, describe, stateMachineArn=machine.arn)["roleArn"])


def _roles(reader: Reader, arns: Iterable[str]) -> dict[str, Role]:
    found = (roles.role(reader, arn) for arn in sorted(arns) if arn)
    return {each.name: each for each in found if each}


def _resources(
    reader: Reader, found: Iterable[Function], chains: Iterable[Trigger], denials: Iterable[Denial]
) -> dict[str, Policy]:
    """Return the policies of functions, of what triggers lead to, and of what somebody was refused."""
    wanted = {refusal.resource for denial in denials if (refusal := parse(denial))}
    wanted |= {arn for each in chains for target in each.targets for arn in (target.arn, target.failure_queue)}
    policies = roles.resource_policies(reader, sorted(arn for arn in wanted if arn.startswith("arn:")))
    for function in found:
        policies |= functions.alias_policies(reader, function)
    return policies
