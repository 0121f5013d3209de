"""Secrets Manager's rotation: a function is called in four steps, and its secret tells how far it came."""

import contextvars
import threading
from typing import Any
from uuid import uuid4

from ministack.services import lambda_svc
from ministack.services import secretsmanager as engine

from scripts.local_engine.delivery import Sender, exists
from scripts.local_engine.patching import wrap

SERVICE = "secretsmanager.amazonaws.com"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"


def rotate(original: Any, data: dict[str, Any]) -> Any:
    """Keep the settings and, unless told to wait for the schedule, call the function.

    AWS: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html,
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
    Engine: copied the current value to a new version, at once and whatever was said; called nothing.
    """
    _, secret = engine._resolve(data.get("SecretId"))
    function = secret and (data.get("RotationLambdaARN") or secret.get("RotationLambdaARN"))
    if not function or secret.get("DeletedDate"):
        return original(data)
    if not exists(function) or not Sender(SERVICE, secret["ARN"]).may_reach(function):
        return engine.error_response_json("AccessDeniedException", _NOT_CALLED, 400)
    rules = data.get("RotationRules") or secret.get("RotationRules")
    secret.update(RotationLambdaARN=function, RotationRules=rules, RotationEnabled=True)
    answer = {"ARN": secret["ARN"], "Name": secret["Name"]}
    if data.get("RotateImmediately", True):
        answer["VersionId"] = _pending(secret) or _begin(secret, data.get("ClientRequestToken") or str(uuid4()))
        run = contextvars.copy_context().run
        threading.Thread(target=run, args=(_call, function, secret["ARN"], answer["VersionId"]), daemon=True).start()
    return engine.json_response(answer)


_NOT_CALLED = (
    "Secrets Manager cannot invoke the specified Lambda function. "
    "Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com."
)


def _pending(secret: dict[str, Any]) -> str | None:
    """Return the version of a rotation that was not finished, which is tried again."""
    held = {version: entry["Stages"] for version, entry in secret["Versions"].items()}
    return next((version for version, stages in held.items() if PENDING in stages and CURRENT not in stages), None)


def _begin(secret: dict[str, Any], version: str) -> str:
    """List the next version before it has a value; the label leaves the version of the rotation before."""
    for entry in secret["Versions"].values():
        entry["Stages"] = [stage for stage in entry["Stages"] if stage != PENDING]
    secret["Versions"][version] = {"CreatedDate": secret["LastChangedDate"], "Stages": [PENDING]}
    return version


def _call(function: str, secret: str, version: str) -> None:
    """Call the function step by step until one fails; AWS would begin again the next day."""
    record, config, _ = lambda_svc._get_func_record_for_ref(function)
    execution = lambda_svc._execution_record_for_config(record, config)
    for step in STEPS:
        event = {"SecretId": secret, "ClientRequestToken": version, "Step": step}
        result = lambda_svc._run_with_function_config_scope(execution, lambda_svc._execute_function, execution, event)
        if result.get("error"):
            return


def apply() -> None:
    """Mend rotation."""
    wrap(engine, "_rotate_secret")(rotate)
