"""Secrets Manager: rotation can be cancelled, a version has a value, is written once, and its stage must be its own."""

import json
from http import HTTPStatus
from typing import Any

from ministack.services import secretsmanager as engine

from scripts.local_engine.patching import wrap


async def handle(original: Any, method: str, path: str, headers: dict[str, str], body: bytes, query_params: Any) -> Any:
    """Serve CancelRotateSecret.

    AWS: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CancelRotateSecret.html
    Engine: did not know the action, so that terraform destroy failed for every rotated secret.
    """
    if not headers.get("x-amz-target", "").endswith(".CancelRotateSecret"):
        return await original(method, path, headers, body, query_params)
    _, secret = engine._resolve(json.loads(body).get("SecretId"))
    if secret is None:
        missing = "Secrets Manager can't find the specified secret."
        return engine.error_response_json("ResourceNotFoundException", missing, 400)
    secret["RotationEnabled"] = False
    return engine.json_response({"ARN": secret["ARN"], "Name": secret["Name"]})


def create(original: Any, data: dict[str, Any]) -> Any:
    """Make no version of a secret that is created without a value.

    AWS: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html (VersionId)
    Engine: made an empty one and called it the current.
    """
    answer = original(data)
    if has_value(data) or answer[0] >= HTTPStatus.BAD_REQUEST:
        return answer
    secret = engine._secrets[data["Name"]]
    secret["Versions"].clear()
    return engine.json_response({"ARN": secret["ARN"], "Name": secret["Name"]})


def put_value(original: Any, data: dict[str, Any]) -> Any:
    """Write a version once; the same request again changes nothing, another value is refused.

    AWS: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html (ClientRequestToken)
    Engine: wrote it again, and moved the stages back to it.
    """
    _, secret = engine._resolve(data.get("SecretId"))
    version = secret and secret["Versions"].get(data.get("ClientRequestToken"))
    if not version or not has_value(version):
        return original(data)
    if any(version.get(kind) != data.get(kind) for kind in ("SecretString", "SecretBinary")):
        sentence = "You can't modify an existing version, you can only create a new version."
        return engine.error_response_json("ResourceExistsException", sentence, 400)
    kept = {"VersionId": data["ClientRequestToken"], "VersionStages": list(version["Stages"])}
    return engine.json_response({"ARN": secret["ARN"], "Name": secret["Name"], **kept})


def has_value(version: dict[str, Any]) -> bool:
    """Tell whether a version (or a request) is more than its label: a rotation lists the next one before it is made."""
    return any(version.get(kind) is not None for kind in ("SecretString", "SecretBinary"))


def get_value(original: Any, data: dict[str, Any]) -> Any:
    """Refuse a stage that is not the given version's, and a version without a value.

    AWS: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html (VersionStage)
    Engine: ignored the stage.
    """
    _, secret = engine._resolve(data.get("SecretId"))
    version = secret and secret["Versions"].get(data.get("VersionId"))
    if version and not has_value(version):
        missing = "Secrets Manager can't find the specified secret value for staging label: AWSPENDING"
        return engine.error_response_json("ResourceNotFoundException", missing, 400)
    if version and data.get("VersionStage") and data["VersionStage"] not in version["Stages"]:
        sentence = "You provided a VersionStage that is not associated to the provided VersionId."
        return engine.error_response_json("InvalidRequestException", sentence, 400)
    return original(data)


def apply() -> None:
    """Mend the service's API."""
    wrap(engine, "handle_request")(handle)
    wrap(engine, "_create_secret")(create)
    wrap(engine, "_put_secret_value")(put_value)
    wrap(engine, "_get_secret_value")(get_value)
