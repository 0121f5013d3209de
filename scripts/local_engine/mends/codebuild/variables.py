"""The environment of a build's commands: CodeBuild's variables, the machine's tools, and what was asked for.

AWS: https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html. HOME is /root there. A variable
of the engine's own process that is called ENGINE_BUILD_… is here without that beginning, as if the image had set it.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import get_region

from scripts.local_engine.mends.codebuild.buildspec import Buildspec
from scripts.local_engine.mends.codebuild.failure import Failure
from scripts.local_engine.mends.codebuild.session import RoleSession

IMAGE = "ENGINE_BUILD_"
_ERROR = "CLIENT_ERROR"
_NAMES_A_CALL = 10
# The kinds of variables: by their members of the specification, their types elsewhere.
_KINDS = {"variables": "PLAINTEXT", "parameter-store": "PARAMETER_STORE", "secrets-manager": "SECRETS_MANAGER"}

type Build = dict[str, Any]
type Variables = dict[str, str]


def chosen(build: Build, spec: Buildspec, session: RoleSession) -> tuple[Variables, list[str]]:
    """Return the build's own variables, with parameters and secrets fetched by the role, and the values to mask.

    What a start or a project sets counts more than what the specification does. Raises Failure.
    """
    kinds: dict[str, tuple[str, str]] = {}
    for member, kind in _KINDS.items():
        kinds |= {str(name): (kind, _text(value)) for name, value in (spec.env.get(member) or {}).items()}
    for each in build["environment"].get("environmentVariables") or []:
        kinds[each["name"]] = (each.get("type") or "PLAINTEXT", each["value"])
    plain, parameters, secrets = (
        {name: value for name, (kind, value) in kinds.items() if kind == wanted} for wanted in _KINDS.values()
    )
    fetched = dict(_parameters(parameters, session))
    fetched |= {name: _secret(reference, session) for name, reference in secrets.items()}
    return plain | fetched, list(fetched.values())


def _text(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _parameters(wanted: Variables, session: RoleSession) -> Iterator[tuple[str, str]]:
    """Yield the values of parameters, decrypted.

    AWS: https://docs.aws.amazon.com/codebuild/latest/userguide/troubleshooting.html#troubleshooting-parameter-store
    """
    names = sorted(set(wanted.values()))
    found: Variables = {}
    for start in range(0, len(names), _NAMES_A_CALL):
        try:
            page = session.client("ssm").get_parameters(Names=names[start : start + _NAMES_A_CALL], WithDecryption=True)
        except ClientError as error:
            raise Failure(_ERROR, f"Error while retrieving parameters: {error}") from None
        if page["InvalidParameters"]:
            raise Failure(_ERROR, f"Parameter does not exist: {', '.join(page['InvalidParameters'])}")
        for parameter in page["Parameters"]:
            found |= {parameter[key]: parameter["Value"] for key in ("Name", "ARN")}
    for name, reference in wanted.items():
        yield name, found[reference]


def _secret(reference: str, session: RoleSession) -> str:
    """Return a secret, or one of its keys: `secret-id:json-key:version-stage:version-id`, all but the first optional.

    AWS: https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html#build-spec.env.secrets-manager
    """
    parts = 7 if reference.startswith("arn:") else 1
    words = reference.split(":")
    asked = {"SecretId": ":".join(words[:parts])}
    key, stage, version = (*words[parts:], "", "", "")[:3]
    asked |= {name: value for name, value in (("VersionStage", stage), ("VersionId", version)) if value}
    try:
        text = str(session.client("secretsmanager").get_secret_value(**asked)["SecretString"])
        return str(json.loads(text)[key]) if key else text
    except (ClientError, KeyError, ValueError) as error:
        raise Failure(_ERROR, f"Secrets Manager Error Message: {error}") from None


def provided(build: Build, folders: dict[str, Path]) -> Variables:
    """Return what CodeBuild gives every build, where its folders are."""
    source, environment = build["source"], build["environment"]
    region = get_region()
    given = {
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "CODEBUILD_BUILD_ARN": build["arn"],
        "CODEBUILD_BUILD_ID": build["id"],
        "CODEBUILD_BUILD_IMAGE": environment.get("image"),
        "CODEBUILD_BUILD_NUMBER": build["buildNumber"],
        "CODEBUILD_BUILD_SUCCEEDING": 1,
        "CODEBUILD_CI": "true",
        "CODEBUILD_INITIATOR": build["initiator"],
        "CODEBUILD_KMS_KEY_ID": build["encryptionKey"],
        "CODEBUILD_LOG_PATH": build["logs"].get("streamName"),
        "CODEBUILD_RESOLVED_SOURCE_VERSION": build.get("resolvedSourceVersion"),
        "CODEBUILD_SOURCE_REPO_URL": source.get("location"),
        "CODEBUILD_SOURCE_VERSION": build.get("sourceVersion"),
        "CODEBUILD_SRC_DIR": folders["src"],
        "CODEBUILD_START_TIME": int(build["startTime"] * 1000),
    }
    return {name: str(value) for name, value in given.items() if value is not None}


def of_the_machine(folders: dict[str, Path]) -> Variables:
    """Return what commands find of the machine: its programs, first of all this Python, and folders of their own."""
    image = {name.removeprefix(IMAGE): value for name, value in os.environ.items() if name.startswith(IMAGE)}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {"PATH": path, "LANG": "C.UTF-8", **image, "HOME": str(folders["home"]), "TMPDIR": str(folders["tmp"])}
