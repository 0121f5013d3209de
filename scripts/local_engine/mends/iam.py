"""IAM: every decision about a role is logged, made on the resources AWS names, and told as AWS tells it."""

import contextvars
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import sts

from scripts.local_engine import request, service_authorization
from scripts.local_engine.authorization import Question, record, role_arn_of
from scripts.local_engine.patching import Function, wrap

# Lambda's operations whose permission has another name.
OTHER_NAMES = {
    "GetLayerVersionByArn": "GetLayerVersion",
    "Invoke": "InvokeFunction",
    "InvokeAsync": "InvokeFunction",
    "InvokeWithResponseStream": "InvokeFunction",
}

# SQS's batches need the permission of a single call; there is no other.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
SINGLE_ACTIONS = {
    f"sqs:{operation}Batch": f"sqs:{operation}"
    for operation in ("ChangeMessageVisibility", "DeleteMessage", "SendMessage")
}

# What a service calls the refusal of a key, where its API has a name for that.
KEY_REFUSALS = {"states": "KmsAccessDeniedException"}

_MOST_PARSED = 10_000
_parsed: dict[str, Any] = {}

# What was denied last in the request in hand: an action and a resource.
_denied: contextvars.ContextVar[tuple[str, str]] = contextvars.ContextVar("denied", default=("", ""))


def apply() -> None:
    """Apply the mends of this file."""
    wrap(app, "pin_signed_request")(_keep_head)
    wrap(app, "pin_signed_body")(_keep_body)
    iam_actions._BOTOCORE_SERVICE_MAP["lambda"] = ["lambda"]
    wrap(iam_actions, "_lambda_action")(_lambda_action)
    wrap(iam_evaluator, "parse_policy_document")(_parse)
    wrap(iam_evaluator, "enforce")(_enforce)
    wrap(iam_evaluator, "_resolve_condition_key")(_condition_key)
    wrap(iam_actions, "access_denied_response")(_denial)


def _keep_head(
    original: Function, method: str, raw_path: str, query_params: dict[str, Any], raw_headers: Any, *rest: Any
) -> None:
    """Keep the request's path, query and headers for the decisions that depend on them, as its body is kept."""
    request.current.set(request.Request(unquote(raw_path), query_params, tuple(raw_headers)))
    original(method, raw_path, query_params, raw_headers, *rest)


def _keep_body(original: Function, body: bytes) -> None:
    """Keep the request's body for the decisions that depend on it; the engine forgets it after authentication."""
    request.current.set(replace(request.current.get(), body=body))
    original(body)


def _lambda_action(original: Function, method: str, path: str) -> str | None:
    """Name the action of a Lambda request as its API does.

    AWS: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
    Engine: guessed; reading an alias asked for ListAliases, a failure destination for UpdateFunctionCode.
    """
    operation = iam_actions._match_rest_action("lambda", method, path, request.current.get().query)
    name: str | None = OTHER_NAMES.get(operation, operation) or original(method, path)
    return name


def _parse(original: Function, doc: str | dict[str, Any]) -> Any:
    """Read a policy once. Engine: read all of a role's policies anew for each decision."""
    if not isinstance(doc, str):
        return original(doc)
    if len(_parsed) >= _MOST_PARSED:
        _parsed.clear()
    found = _parsed[doc] = _parsed.get(doc) or original(doc)
    return found


def _enforce(
    original: Function,
    access_key_id: str,
    iam_action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: dict[str, Any] | None = None,
) -> Any:
    """Decide on each resource AWS names for the action, and log the decision when a role asks.

    AWS: see `service_authorization` and `SINGLE_ACTIONS`.
    Engine: least-privilege policies for those were refused; nothing was logged.
    """
    asked = request.current.get()
    iam_action = SINGLE_ACTIONS.get(iam_action, iam_action)
    for action, resource, keys in service_authorization.needs(iam_action, resource_arn, asked):
        context = {**(service_context or {}), **keys}
        owner = service if action == iam_action else action.partition(":")[0]
        outcome = original(access_key_id, action, owner, region, resource, context)
        if outcome and service == "logs" and resource != resource_arn:
            outcome = original(access_key_id, action, owner, region, resource_arn, context)
        _log(access_key_id, Question(action, resource, "api", context), outcome)
        if outcome:
            _denied.set((action, resource))
            return outcome
    return None


def _condition_key(original: Function, key: str, ctx: Any) -> Any:
    """Resolve aws:PrincipalArn to a role's own ARN when one of its sessions asks.

    AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
    Engine: the session's ARN, which no policy about a role matches.
    """
    value = original(key, ctx)
    return role_arn_of(value) if key.lower() == "aws:principalarn" else value


def _log(access_key_id: str, question: Question, outcome: Any) -> None:
    principal = str((sts._sessions.get(access_key_id) or {}).get("Arn", ""))
    if ":assumed-role/" in principal and not isinstance(outcome, iam_evaluator.AuthError):
        owner = iam_evaluator._account_from_arn(question.resource) or get_account_id()
        question.context.setdefault("aws:ResourceAccount", owner)  # which the evaluator found by itself
        record(role_arn_of(principal), question, outcome.decision if outcome else "Allow")


def _denial(original: Function, service: str, action: str, principal_arn: str, request_id: str, **details: Any) -> Any:
    """Name the resource in every denial, and the action that was missing.

    AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    Engine: "on resource: …" only for a few services; it named the API call when another permission was missing.
    """
    missing, resource = _denied.get()
    plain = not details.get("error_code") and not details.get("message") and not details.get("resource_policy_arn")
    if plain and missing:
        details["resource_arn"] = resource  # some services word the message themselves
        explicit = details.get("explicit_deny", False)
        details["message"] = iam_actions.identity_denial_message(missing, principal_arn, resource, explicit)
        action = missing
        if service in KEY_REFUSALS and missing.startswith("kms:"):
            details["error_code"] = KEY_REFUSALS[service]
    return original(service, action, principal_arn, request_id, **details)
