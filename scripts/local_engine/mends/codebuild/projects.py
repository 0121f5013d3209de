"""Projects: everything that is put is kept, their role must trust CodeBuild, and an ARN names one as its name does."""

import json
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import codebuild as engine

from scripts.local_engine.authorization import service_may_assume
from scripts.local_engine.patching import wrap

SERVICE = "codebuild.amazonaws.com"

_KEPT = {
    "queuedTimeoutInMinutes": 480,
    "logsConfig": None,
    "vpcConfig": None,
    "cache": None,
    "concurrentBuildLimit": None,
    "secondarySources": None,
    "secondaryArtifacts": None,
}


def create(original: Any, data: dict[str, Any]) -> Any:
    """Keep every member of a project, encrypted with S3's own key unless it says otherwise.

    AWS: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html
    Engine: forgot the queued timeout, the log configuration and more, so that Terraform saw drift; the key was one
    that does not exist.
    """
    key = f"arn:aws:kms:{get_region()}:{get_account_id()}:alias/aws/s3"
    return _untrusting(data) or _remember(original, {"encryptionKey": key, **data}, defaults=_KEPT)


def update(original: Any, data: dict[str, Any]) -> Any:
    """Keep every member of an updated project, as of a new one."""
    return _untrusting(data) or _remember(original, data, defaults={})


def _untrusting(data: dict[str, Any]) -> Any:
    """Refuse a role that does not trust CodeBuild, for this project.

    AWS: https://docs.aws.amazon.com/codebuild/latest/userguide/troubleshooting.html#troubleshooting-assume-role, with
    the source ARN of https://docs.aws.amazon.com/codebuild/latest/userguide/cross-service-confused-deputy-prevention.html
    Engine: any role was accepted.
    """
    role = data.get("serviceRole")
    if not role or service_may_assume(role, SERVICE, engine._project_arn(data.get("name", ""))):
        return None
    sentence = f"CodeBuild is not authorized to perform: sts:AssumeRole on {role}"
    return engine.error_response_json("InvalidInputException", sentence, 400)


def _remember(original: Any, data: dict[str, Any], defaults: dict[str, Any]) -> Any:
    response = original(data)
    project = engine._projects.get(data.get("name"))
    if response[0] != 200 or project is None:  # noqa: PLR2004 - HTTP
        return response
    given = {**defaults, **data}
    project.update({key: given[key] for key in _KEPT if given.get(key) is not None})
    return engine.json_response({**json.loads(response[2]), "project": engine._project_shape(project)})


def shape(original: Any, project: dict[str, Any]) -> Any:
    """Describe a project with all that was kept."""
    return {**original(project), **{key: project[key] for key in _KEPT if key in project}}


def delete(original: Any, data: dict[str, Any]) -> Any:
    """Delete a project by its name or its ARN.

    AWS: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_DeleteProject.html - the provider sends the ARN.
    Engine: knew the name only, so that terraform destroy failed.
    """
    return original({**data, "name": engine._project_name_from_identifier(data.get("name", "")) or ""})


def apply() -> None:
    """Mend projects."""
    wrap(engine, "_create_project")(create)
    wrap(engine, "_update_project")(update)
    wrap(engine, "_project_shape")(shape)
    wrap(engine, "_delete_project")(delete)
