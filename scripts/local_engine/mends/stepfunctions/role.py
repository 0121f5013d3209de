"""The machine's role: every integration may do what its policies allow, and nothing else."""

from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from ministack.core import iam_actions
from ministack.core.responses import get_account_id, get_region
from ministack.services import stepfunctions as engine

from scripts.local_engine import request, service_authorization
from scripts.local_engine.authorization import role_may
from scripts.local_engine.mends.stepfunctions import scope
from scripts.local_engine.patching import wrap

_sdk_error: ContextVar[str | None] = ContextVar("sdk_error", default=None)


class Need(NamedTuple):
    """One permission an integration uses, and the error a task has without it."""

    action: str
    resource: str
    error: str


def demand(need: Need) -> None:
    """Fail the state unless the current execution's role has what it needs."""
    _demand(request.Need(need.action, need.resource, {}), request.NOTHING, need.error)


def _demand(need: request.Need, asked: request.Request, error: str) -> None:
    if not (arn := scope.role()):
        return
    decision = role_may(arn, need, asked, "states")
    if not decision:
        raise scope.failure(error, decision.reason)


def invoke_resource(original: Any, resource: str, input_data: Any) -> Any:
    """Call an integration with the machine's role.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html
    The errors are those of the SDK that Step Functions uses, e.g. Lambda.AWSLambdaException (seen in
    https://github.com/awslabs/aws-deployment-framework/issues/460); the others follow the same rule.
    Engine: every integration ran as the account's root.
    """
    for need in _needs(resource, input_data if isinstance(input_data, dict) else {}):
        demand(need)
    return original(resource, input_data)


def _needs(resource: str, arguments: dict[str, Any]) -> Iterator[Need]:
    if ":function:" in resource:
        yield Need("lambda:InvokeFunction", resource, "Lambda.AWSLambdaException")
    service, _, action = resource.removeprefix("arn:aws:states:::").partition(":")
    operation = action.partition(".")[0]
    match service:
        case "lambda":
            yield Need("lambda:InvokeFunction", _function(arguments), "Lambda.AWSLambdaException")
        case "codebuild":
            yield Need("codebuild:StartBuild", _project(arguments), "CodeBuild.AWSCodeBuildException")
        case "sns":
            topic = arguments.get("TopicArn") or arguments.get("TargetArn") or "*"
            yield Need("sns:Publish", topic, "SNS.AuthorizationErrorException")
        case "sqs":
            yield Need("sqs:SendMessage", _queue(arguments.get("QueueUrl", "")), "SQS.AmazonSQSException")
        case "dynamodb":
            action = f"dynamodb:{operation[0].upper()}{operation[1:]}"
            yield Need(action, _table(arguments.get("TableName", "")), "DynamoDB.AmazonDynamoDBException")
        case "events":
            for bus in {_bus(entry.get("EventBusName") or "default") for entry in arguments.get("Entries", [])}:
                yield Need("events:PutEvents", bus, "EventBridge.AmazonEventBridgeException")
        case "states":
            yield Need("states:StartExecution", arguments.get("StateMachineArn", "*"), _STATES_ERROR)


_STATES_ERROR = "StepFunctions.AWSStepFunctionsException"


def watch_child(execution_arn: str) -> None:
    """Demand what `.sync` needs to learn how the execution it started ended.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html#sync-async-iam-policies
    """
    demand(Need("states:DescribeExecution", execution_arn, _STATES_ERROR))


def _function(arguments: dict[str, Any]) -> str:
    name = str(arguments.get("FunctionName", "*"))
    return name if name.startswith("arn:") else f"arn:aws:lambda:{get_region()}:{get_account_id()}:function:{name}"


def _project(arguments: dict[str, Any]) -> str:
    name = str(arguments.get("ProjectName", "*"))
    return name if name.startswith("arn:") else f"arn:aws:codebuild:{get_region()}:{get_account_id()}:project/{name}"


def _queue(url: str) -> str:
    return f"arn:aws:sqs:{get_region()}:{':'.join(url.rstrip('/').split('/')[-2:])}"


def _table(name: str) -> str:
    return name if name.startswith("arn:") else f"arn:aws:dynamodb:{get_region()}:{get_account_id()}:table/{name}"


def _bus(name: str) -> str:
    return name if name.startswith("arn:") else f"arn:aws:events:{get_region()}:{get_account_id()}:event-bus/{name}"


def sdk_integration(original: Any, resource: str, input_data: Any) -> Any:
    """Remember, while an `aws-sdk` integration runs, the error that its service gives for a refusal.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html - the SDK for Java's
    exception class: its service's own one for errors without a class, as AccessDenied mostly is.
    """
    service = resource.split(":")[6].lower()
    prefix = engine._AWS_SDK_ERROR_PREFIX.get(service, service.capitalize())
    token = _sdk_error.set(f"{prefix}.{prefix}Exception")
    try:
        return original(resource, input_data)
    finally:
        _sdk_error.reset(token)


def sdk_call(
    original: Any,
    handler: Any,
    method: str,
    path: str,
    headers: dict[str, str],
    body: Any,
    query_params: Any,
    *rest: Any,
    **options: Any,
) -> Any:
    """Authorize the request an `aws-sdk` integration is about to make, as if the role had sent it over the network."""
    if error := _sdk_error.get():
        raw = body.encode() if isinstance(body, str) else body or b""
        asked = request.Request(path, dict(query_params or {}), body=raw)
        for action, resource in _requested(handler, method, headers, asked):
            for need in service_authorization.needs(action, resource, asked):
                _demand(need, asked, error)
    return original(handler, method, path, headers, body, query_params, *rest, **options)


def _requested(handler: Any, method: str, headers: dict[str, str], asked: request.Request) -> Iterator[tuple[str, str]]:
    from ministack import app  # noqa: PLC0415 - reads its environment when imported

    path, body, query = asked.path, asked.body, dict(asked.query or {})
    service = next(name for name, known in app.SERVICE_HANDLERS.items() if known is handler)
    if body.startswith(b"Action="):
        query |= parse_qs(body.decode())
    action = iam_actions.extract_iam_action(service, method, path, headers, body, query) or "*"
    place = (get_region(), get_account_id())
    tables = iam_actions.dynamodb_resource_arns(body, *place) if service == "dynamodb" else []
    for resource in tables or [iam_actions.extract_resource_arn(service, method, path, headers, body, query, *place)]:
        yield action, resource


def apply() -> None:
    """Mend the two ways in which a task reaches another service."""
    from ministack import app  # noqa: PLC0415 - reads its environment when imported

    wrap(engine, "_invoke_resource")(invoke_resource)
    wrap(engine, "_invoke_aws_sdk_integration")(sdk_integration)
    wrap(app, "call_service_handler_sync")(sdk_call)
