"""Rotation as it is asked for: settings are kept, a rotation or a test of it starts, or it is refused."""

import json
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from ministack.services import eventbridge
from ministack.services import secretsmanager as engine

from scripts.local_engine.delivery import Sender, exists
from scripts.local_engine.mends.secretsmanager import run, schedule, versions
from scripts.local_engine.mends.secretsmanager.events import SERVICE
from scripts.local_engine.patching import wrap

_INVALID_REQUEST, _INVALID_PARAMETER = "InvalidRequestException", "InvalidParameterException"
_LONGEST_DAYS = 1000
_SHORTEST_SECONDS = 4 * 3600

type Secret = dict[str, Any]
type Refusal = tuple[str, str]


def rotate(original: Any, data: dict[str, Any]) -> Any:
    """Keep the settings and call the function: in four steps or, if told to wait for the schedule, to be tested.

    AWS: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html,
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html. A rotation that was not
    finished is tried again, and the request is an error, as users met it:
    https://github.com/hashicorp/terraform-provider-aws/issues/35023.
    Engine: copied the current value to a new version, at once and whatever was said; called nothing.
    """
    _, secret = engine._resolve(data.get("SecretId"))
    if not secret or secret.get("DeletedDate") or engine._is_replica(secret):
        return original(data)  # its own refusals
    refusal = _refusal(secret, data)
    if refusal:
        return engine.error_response_json(*refusal, HTTPStatus.BAD_REQUEST)
    _configure(secret, data)
    answer = {"ARN": secret["ARN"], "Name": secret["Name"]}
    if data.get("RotateImmediately", True):
        answer["VersionId"] = run.begin(secret, data.get("ClientRequestToken") or str(uuid4()))
    else:
        run.test(secret)
    return engine.json_response(answer)


def _refusal(secret: Secret, data: dict[str, Any]) -> Refusal | None:
    """Return error and sentence for what cannot be done."""
    function = data.get("RotationLambdaARN") or secret.get("RotationLambdaARN")
    if not function:
        return _INVALID_REQUEST, "No Lambda rotation function ARN is associated with this secret."
    if fault := _fault(data.get("RotationRules") or {}):
        return _INVALID_PARAMETER, fault
    if not exists(function) or not Sender(SERVICE, secret["ARN"]).may_reach(function):
        return "AccessDeniedException", _NOT_CALLED
    if run.is_under_way(secret) or versions.unfinished(secret):
        run.try_again(secret)
        return _INVALID_REQUEST, "A previous rotation isn't complete. That rotation will be reattempted."
    return None


_NOT_CALLED = (
    "Secrets Manager cannot invoke the specified Lambda function. "
    "Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com."
)


def _fault(rules: dict[str, Any]) -> str:
    """Say what is wrong with a schedule, "" for nothing.

    AWS: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html,
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
    """
    days, expression = rules.get("AutomaticallyAfterDays"), rules.get("ScheduleExpression")
    if days and expression:
        return "You cannot specify both rotation frequency and schedule expression together."
    if days is not None and not 1 <= days <= _LONGEST_DAYS:
        return f"AutomaticallyAfterDays must be a number from 1 to {_LONGEST_DAYS}."
    if expression and not _is_valid(expression):
        return f"The schedule expression {expression} is invalid."
    return ""


def _is_valid(expression: str) -> bool:
    """Say whether an expression is a rate in hours or days, four hours or more, or a cron on the hour of any year."""
    if seconds := eventbridge._parse_rate_seconds(expression):
        return bool(seconds >= _SHORTEST_SECONDS and "minute" not in expression)
    fields = eventbridge._parse_cron_fields(expression)
    return bool(fields) and fields[0] == {0} and fields[5] is None


def _configure(secret: Secret, data: dict[str, Any]) -> None:
    secret["RotationLambdaARN"] = data.get("RotationLambdaARN") or secret["RotationLambdaARN"]
    if data.get("RotationRules"):
        secret["RotationRules"] = data["RotationRules"]
    if data.get("RotationRules") or not secret["RotationEnabled"]:
        schedule.begin(secret)
    secret["RotationEnabled"] = True


async def handle(original: Any, method: str, path: str, headers: dict[str, str], body: bytes, query_params: Any) -> Any:
    """Serve CancelRotateSecret: no more steps, now or later; labels stay as they are.

    AWS: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CancelRotateSecret.html
    Engine: did not know the action, so that terraform destroy failed for every rotated secret.
    """
    if not headers.get("x-amz-target", "").endswith(".CancelRotateSecret"):
        return await original(method, path, headers, body, query_params)
    _, secret = engine._resolve(json.loads(body).get("SecretId"))
    if secret is None:
        missing = "Secrets Manager can't find the specified secret."
        return engine.error_response_json("ResourceNotFoundException", missing, HTTPStatus.BAD_REQUEST)
    if secret.get("DeletedDate"):
        sentence = "You can't perform this operation on the secret because it was marked for deletion."
        return engine.error_response_json(_INVALID_REQUEST, sentence, HTTPStatus.BAD_REQUEST)
    secret["RotationEnabled"] = False
    partial = versions.unfinished(secret)
    answer = {"ARN": secret["ARN"], "Name": secret["Name"], **({"VersionId": partial} if partial else {})}
    return engine.json_response(answer)


def describe(original: Any, data: dict[str, Any]) -> Any:
    """Tell when the secret was rotated last, and when it will be.

    AWS: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
    Engine: neither.
    """
    answer = original(data)
    _, secret = engine._resolve(data.get("SecretId"))
    if not secret or answer[0] >= HTTPStatus.BAD_REQUEST:
        return answer
    dates = {"LastRotatedDate": secret.get("LastRotatedDate"), "NextRotationDate": schedule.next_moment(secret)}
    known = {name: int(date) for name, date in dates.items() if date}
    return engine.json_response(json.loads(answer[2]) | known)


def apply() -> None:
    """Mend rotation."""
    wrap(engine, "_rotate_secret")(rotate)
    wrap(engine, "handle_request")(handle)
    wrap(engine, "_describe_secret")(describe)
