"""Machines: what is checked when one is made, what is kept of it, and how it and its executions are described."""

import json
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import stepfunctions as engine

from scripts.local_engine.authorization import role_allows, service_may_assume
from scripts.local_engine.mends.stepfunctions import definition, keys, life, redrive, start
from scripts.local_engine.patching import wrap

type Request = dict[str, Any]
type Response = tuple[int, dict[str, str], bytes]

_LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
_TRACING = (
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
)
_DATA = ("input", "inputDetails", "output", "outputDetails", "error", "cause")
# The rules by which Step Functions learns how what a machine waits for has ended, by how the resource begins.
# https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html#sync-async-iam-policies,
# https://docs.aws.amazon.com/step-functions/latest/dg/codebuild-iam.html
_RULES = {
    "arn:aws:states:::states:startExecution.sync": "StepFunctionsGetEventsForStepFunctionsExecutionRule",
    "arn:aws:states:::codebuild:startBuild.sync": "StepFunctionsGetEventForCodeBuildStartBuildRule",
}


def create(original: Any, data: Request) -> Any:
    """Create a machine whose definition is sound and whose role may do what creating it takes.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
    Engine: took any definition and any role, forgot the tracing configuration and a description.
    """
    arn = f"arn:aws:states:{get_region()}:{get_account_id()}:stateMachine:{data.get('name')}"
    response = _refusal(data, arn) or original(data)
    return _keep(arn, data, response)


def update(original: Any, data: Request) -> Any:
    """Update a machine under the conditions of creating one; the engine fell short as there."""
    arn = str(data.get("stateMachineArn"))
    known = engine._state_machines.get(arn, {})
    names = ("roleArn", "definition", "loggingConfiguration", "tracingConfiguration")
    response = _refusal({name: data.get(name) or known.get(name) for name in names}, arn) or original(data)
    return _keep(arn, data, response)


def _keep(arn: str, data: Request, response: Response) -> Response:
    if response[0] == 200:  # noqa: PLR2004 - HTTP
        machine = engine._state_machines[arn]
        machine.setdefault("tracingConfiguration", {"enabled": False})
        if "tracingConfiguration" in data:
            machine["tracingConfiguration"] = data["tracingConfiguration"]
    return response


def _refusal(data: Request, arn: str) -> Response | None:
    """Return AWS's refusal of a machine, None when there is nothing to refuse."""
    found = definition.faults(data.get("definition") or "")
    if found:
        told = "; ".join(f"{fault['code']}: {fault['message']} at {fault['location']}" for fault in found)
        return _error("InvalidDefinition", f"Invalid State Machine Definition: '{told}'")
    role = data.get("roleArn") or ""
    if not service_may_assume(role, "states.amazonaws.com", arn):
        return _error(
            "AccessDeniedException",
            "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume "
            "the provided role.",
        )
    logging = data.get("loggingConfiguration") or {}
    if logging.get("level", "OFF") != "OFF" and not _may(role, _LOG_DELIVERY):
        return _error(
            "AccessDeniedException", "The state machine IAM Role is not authorized to access the Log Destination"
        )
    if not _may_make_rules(role, data["definition"]):
        return _error("AccessDeniedException", f"'{role}' is not authorized to create managed-rule.")
    if (data.get("tracingConfiguration") or {}).get("enabled"):
        _may(role, _TRACING)  # AWS: without them it runs, untraced; asked for the decision log
    return None


def _may(role: str, actions: tuple[str, ...], resource: str = "*") -> bool:
    decisions = [bool(role_allows(role, action, resource, via="states")) for action in actions]
    return all(decisions)


def _may_make_rules(role: str, text: str) -> bool:
    """Say whether the role may make the rules that waiting takes."""
    resources = [state.get("Resource", "") for state in definition.states(json.loads(text))]
    wanted = {rule for begin, rule in _RULES.items() if any(resource.startswith(begin) for resource in resources)}
    arns = (f"arn:aws:events:{get_region()}:{get_account_id()}:rule/{rule}" for rule in sorted(wanted))
    return all(_may(role, ("events:PutTargets", "events:PutRule", "events:DescribeRule"), arn) for arn in arns)


def _error(code: str, message: str) -> Response:
    response: Response = engine.error_response_json(code, message, 400)
    return response


def validate(_original: Any, data: Request) -> Any:
    """Say what is wrong with a definition (see `definition.faults`)."""
    found = definition.faults(data.get("definition", ""))
    return engine.json_response({"result": "FAIL" if found else "OK", "diagnostics": found, "truncated": False})


def describe(original: Any, data: Request) -> Any:
    """Describe a machine; by a version's or an alias's ARN the one that would run.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html
    Engine: no tracing configuration; for an alias the current definition; did not know `includedData`.
    """
    arn = data.get("stateMachineArn", "")
    machine = start.resolve(arn)
    if machine is None:
        return original(data)
    settings = (
        "definition",
        "roleArn",
        "type",
        "loggingConfiguration",
        "tracingConfiguration",
        "encryptionConfiguration",
    )
    kept = {key: machine[key] for key in settings if key in machine}
    answer = _amended(original(data), lambda answer: keys.shown(data, answer | kept, "definition"))
    return _readable(machine, data, answer)


def describe_execution(original: Any, data: Request) -> Any:
    """Describe an execution with its version, alias and redrives; without its data when only the rest is asked for.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
    Engine: none of these.
    """
    execution = engine._executions.get(data.get("executionArn"))
    if execution is None:
        return original(data)
    kept = ("stateMachineVersionArn", "stateMachineAliasArn", "redriveDate")
    extra = {key: execution[key] for key in kept if key in execution} | redrive.status(execution)
    answer = _amended(original(data), lambda answer: keys.shown(data, answer | extra, *_DATA))
    return _readable(execution, data, answer)


def tell_history(original: Any, data: Request) -> Any:
    """Tell an execution's history as long as its key can be used; the engine knew no key."""
    return _readable(engine._executions.get(data.get("executionArn")) or {}, data, original(data))


def _readable(kept: Request, data: Request, answer: Response) -> Response:
    """Return an answer about what is kept, or the refusal of what is encrypted in it."""
    return answer if data.get("includedData") == "METADATA_ONLY" else keys.unusable(kept) or answer


def list_executions(original: Any, data: Request) -> Any:
    """List a machine's executions, for a version's or an alias's ARN those started by it.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
    Engine: none for a version or an alias.
    """
    arn = data.get("stateMachineArn", "")
    machine = start.resolve(arn)
    if machine is None or machine["stateMachineArn"] == arn:
        return original(data)
    key = "stateMachineAliasArn" if arn in engine._state_machine_aliases else "stateMachineVersionArn"

    def own(answer: Request) -> Request:
        mine = [each for each in answer["executions"] if engine._executions[each["executionArn"]].get(key) == arn]
        return {**answer, "executions": [{**each, key: arn} for each in mine]}

    return _amended(original({**data, "stateMachineArn": machine["stateMachineArn"]}), own)


def _amended(response: Response, change: Callable[[Request], Request]) -> Response:
    if response[0] != 200:  # noqa: PLR2004 - HTTP
        return response
    amended: Response = engine.json_response(change(json.loads(response[2])))
    return amended


async def handle(original: Any, method: str, path: str, headers: dict[str, str], body: bytes, query_params: Any) -> Any:
    """Serve RedriveExecution, which the engine does not know."""
    if headers.get("x-amz-target", "").endswith(".RedriveExecution"):
        return engine._finalize_response(life.redrive_execution(json.loads(body)))
    return await original(method, path, headers, body, query_params)


def apply() -> None:
    """Mend machines' and executions' descriptions."""
    wrap(engine, "handle_request")(handle)
    wrap(engine, "_create_state_machine")(create)
    wrap(engine, "_update_state_machine")(update)
    wrap(engine, "_validate_state_machine_definition")(validate)
    wrap(engine, "_describe_state_machine")(describe)
    wrap(engine, "_describe_execution")(describe_execution)
    wrap(engine, "_get_execution_history")(tell_history)
    wrap(engine, "_list_executions")(list_executions)
