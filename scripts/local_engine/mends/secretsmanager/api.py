"""Secrets Manager's versions: each has a value, is written once, and a stage belongs to one version at a time."""

from http import HTTPStatus
from typing import Any

from ministack.services import secretsmanager as engine

from scripts.local_engine.mends.secretsmanager import versions
from scripts.local_engine.patching import wrap


def create(original: Any, data: dict[str, Any]) -> Any:
    """Make no version of a secret that is created without a value.

    AWS: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html (VersionId)
    Engine: made an empty one and called it the current.
    """
    answer = original(data)
    if versions.has_value(data) or answer[0] >= HTTPStatus.BAD_REQUEST:
        return answer
    secret = engine._secrets[data["Name"]]
    secret["Versions"].clear()
    return engine.json_response({"ARN": secret["ARN"], "Name": secret["Name"]})


def put_value(original: Any, data: dict[str, Any]) -> Any:
    """Write a version once; its stages leave other versions, and a new current one ends a rotation under way.

    AWS: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html (ClientRequestToken,
    VersionStages), https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieve-ct-entries.html
    (RotationAbandoned).
    Engine: wrote it again, and moved the stages back to it; two versions could be pending.
    """
    _, secret = engine._resolve(data.get("SecretId"))
    version = secret and secret["Versions"].get(data.get("ClientRequestToken"))
    if version and versions.has_value(version):
        return _put_before(secret, version, data)
    answer = original(data)
    if secret and answer[0] < HTTPStatus.BAD_REQUEST:
        stages = data.get("VersionStages", [versions.CURRENT])
        if versions.CURRENT in stages:
            versions.abandon(secret)
        if versions.PENDING in stages:
            versions.take_label(secret, versions.PENDING, but=data.get("ClientRequestToken"))
    return answer


def _put_before(secret: dict[str, Any], version: dict[str, Any], data: dict[str, Any]) -> Any:
    if any(version.get(kind) != data.get(kind) for kind in versions.KINDS):
        sentence = "You can't modify an existing version, you can only create a new version."
        return engine.error_response_json("ResourceExistsException", sentence, 400)
    kept = {"VersionId": data["ClientRequestToken"], "VersionStages": list(version["Stages"])}
    return engine.json_response({"ARN": secret["ARN"], "Name": secret["Name"], **kept})


def update(original: Any, data: dict[str, Any]) -> Any:
    """End a rotation under way when a new value is the current one, as PutSecretValue does.

    AWS: see `put_value`. Engine: left its version pending.
    """
    answer = original(data)
    _, secret = engine._resolve(data.get("SecretId"))
    if secret and versions.has_value(data) and answer[0] < HTTPStatus.BAD_REQUEST:
        versions.abandon(secret)
    return answer


def get_value(original: Any, data: dict[str, Any]) -> Any:
    """Refuse a stage that is not the given version's, and a version without a value.

    AWS: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html (VersionStage)
    Engine: ignored the stage.
    """
    _, secret = engine._resolve(data.get("SecretId"))
    version = secret and _asked_for(secret, data)
    if version and not versions.has_value(version):
        missing = "Secrets Manager can't find the specified secret value for staging label: AWSPENDING"
        return engine.error_response_json("ResourceNotFoundException", missing, 400)
    if version and data.get("VersionId") and not {data.get("VersionStage")} <= {None, *version["Stages"]}:
        sentence = "You provided a VersionStage that is not associated to the provided VersionId."
        return engine.error_response_json("InvalidRequestException", sentence, 400)
    return original(data)


def _asked_for(secret: dict[str, Any], data: dict[str, Any]) -> dict[str, Any] | None:
    if data.get("VersionId"):
        return secret["Versions"].get(data["VersionId"])  # type: ignore[no-any-return]
    stage = data.get("VersionStage", versions.CURRENT)
    return next((each for each in secret["Versions"].values() if stage in each["Stages"]), None)


def apply() -> None:
    """Mend the service's API."""
    wrap(engine, "_create_secret")(create)
    wrap(engine, "_put_secret_value")(put_value)
    wrap(engine, "_update_secret")(update)
    wrap(engine, "_get_secret_value")(get_value)
