"""The API of builds: started, stopped, looked at.

AWS: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html and the pages of the others.
"""

import time
from typing import Any

from ministack.services import codebuild as engine

from scripts.local_engine import caller
from scripts.local_engine.mends.codebuild import log, record
from scripts.local_engine.mends.codebuild.run import Run
from scripts.local_engine.patching import wrap

type Build = dict[str, Any]
type Fields = dict[str, Any]

TOKEN_SECONDS = 300
_SOURCE = {
    "sourceTypeOverride": "type",
    "sourceLocationOverride": "location",
    "gitCloneDepthOverride": "gitCloneDepth",
    "buildspecOverride": "buildspec",
}
_ENVIRONMENT = {
    "environmentTypeOverride": "type",
    "imageOverride": "image",
    "computeTypeOverride": "computeType",
    "privilegedModeOverride": "privilegedMode",
}
_SECONDARY = ("secondarySourcesOverride", "secondaryArtifactsOverride")
_running: dict[str, Run] = {}
# What a token was used for: the request, the build, and when.
_tokens: dict[str, tuple[Fields, Build, float]] = {}


def apply() -> None:
    """Mend the operations on builds."""
    wrap(engine, "_start_build")(start)
    wrap(engine, "_stop_build")(stop)
    wrap(engine, "_batch_get_builds")(batch_get)


def start(_original: Any, data: Fields) -> Any:
    """Run a build: its buildspec, in a checkout of its source, with its role.

    Engine: builds were records that had succeeded at once; with Docker, a container ran them as the account's root.
    """
    project = engine._projects.get(engine._project_name_from_identifier(data.get("projectName", "")))
    if project is None:
        name = data.get("projectName")
        return engine.error_response_json("ResourceNotFoundException", f"Project cannot be found: {name}", 400)
    if unserved := [name for name in _SECONDARY if data.get(name)]:
        return engine.error_response_json("InvalidInputException", f"{unserved[0]} is not served here", 400)
    token = f"{project['arn']}:{data['idempotencyToken']}" if data.get("idempotencyToken") else ""
    asked, known, at = _tokens.get(token, ({}, {}, 0.0))
    if known and time.time() < at + TOKEN_SECONDS:
        if asked != data:
            return engine.error_response_json("InvalidInputException", "The token was used with other parameters", 400)
        return engine.json_response({"build": record.shown(known)})
    if refusal := _too_many(project):
        return refusal
    build = _record(project, data)
    engine._builds[build["id"]] = build
    if token:
        _tokens[token] = (data, build, time.time())
    answer = {"build": record.shown(build)}
    record.started(build)
    record.end(build, "SUCCEEDED")
    run = _running[build["arn"]] = Run(build, project["arn"], data.get("artifactsOverride") or project["artifacts"])
    run.start()
    return engine.json_response(answer)


def _too_many(project: Fields) -> Any:
    """Refuse a build beyond the project's limit. AWS: API_Project (concurrentBuildLimit: new builds are throttled)."""
    limit = project.get("concurrentBuildLimit")
    active = [
        build
        for build in engine._builds.values()
        if build["projectName"] == project["name"] and build["buildStatus"] == "IN_PROGRESS"
    ]
    if not limit or len(active) < limit:
        return None
    sentence = f"Cannot have more than {limit} active builds for the project"
    return engine.error_response_json("AccountLimitExceededException", sentence, 400)


def _record(project: Fields, data: Fields) -> Build:
    """Return a new build: the project's settings, and over them those of its start."""
    build_id = engine._build_id(project["name"])
    uuid = build_id.partition(":")[2]
    source = {**project["source"], **{name: data[key] for key, name in _SOURCE.items() if key in data}}
    environment = {**project["environment"], **{name: data[key] for key, name in _ENVIRONMENT.items() if key in data}}
    variables = {each["name"]: each for each in environment.get("environmentVariables") or []}
    variables |= {each["name"]: each for each in data.get("environmentVariablesOverride") or []}
    environment["environmentVariables"] = [{"type": "PLAINTEXT", **each} for each in variables.values()]
    numbers = [build["buildNumber"] for build in engine._builds.values() if build["projectName"] == project["name"]]
    version = data.get("sourceVersion") or project.get("sourceVersion")
    build = {
        "id": build_id,
        "arn": engine._build_arn(build_id),
        "buildNumber": max(numbers, default=0) + 1,
        "startTime": record.now(),
        "buildStatus": "IN_PROGRESS",
        "buildComplete": False,
        "projectName": project["name"],
        "phases": [],
        "source": source,
        "secondarySources": [],
        "secondarySourceVersions": [],
        "artifacts": {"location": ""},
        "environment": environment,
        "serviceRole": data.get("serviceRoleOverride") or project["serviceRole"],
        "logs": log.place(project["name"], data.get("logsConfigOverride") or project.get("logsConfig"), uuid),
        "timeoutInMinutes": data.get("timeoutInMinutesOverride") or project["timeoutInMinutes"],
        "queuedTimeoutInMinutes": data.get("queuedTimeoutInMinutesOverride")
        or project.get("queuedTimeoutInMinutes", 480),
        "initiator": _initiator(),
        "encryptionKey": data.get("encryptionKeyOverride") or project["encryptionKey"],
        **({"sourceVersion": version} if version else {}),
    }
    record.begin(build, "SUBMITTED")
    return build


def _initiator() -> str:
    """Return who started the build, as CodeBuild tells it: a user's name, or a role's and its session's."""
    arn = caller.arn()
    return arn.rpartition("/")[2] if ":user/" in arn else arn.partition(":assumed-role/")[2] or "root"


def stop(_original: Any, data: Fields) -> Any:
    """End a build with everything it runs. Engine: changed the record."""
    build = _find(data.get("id", ""))
    if build is None:
        return engine.error_response_json("ResourceNotFoundException", f"Build cannot be found: {data.get('id')}", 400)
    if not build["buildComplete"]:
        _running[build["arn"]].halt("STOPPED")
    return engine.json_response({"build": record.shown(build)})


def batch_get(_original: Any, data: Fields) -> Any:
    """Return builds by their ids or ARNs. Engine: by ids only."""
    found = {name: _find(name) for name in data.get("ids", [])}
    shown = [record.shown(build) for build in found.values() if build]
    missing = [name for name, build in found.items() if not build]
    return engine.json_response({"builds": shown, "buildsNotFound": missing})


def _find(name: str) -> Build | None:
    found: Build | None = engine._builds.get(name.rpartition(":build/")[2])
    return found
