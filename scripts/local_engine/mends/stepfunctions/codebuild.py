"""`codebuild:startBuild`: a task that starts a build, and with `.sync` is done when the build is.

AWS: https://docs.aws.amazon.com/step-functions/latest/dg/connect-codebuild.html. Engine: "not yet implemented".
"""

import json
import time
from http import HTTPStatus
from typing import Any

from ministack.services import codebuild
from ministack.services import stepfunctions as engine

from scripts.local_engine.mends.stepfunctions import scope
from scripts.local_engine.mends.stepfunctions.role import Need, demand
from scripts.local_engine.mends.stepfunctions.scope import Stopped, failure
from scripts.local_engine.patching import add_entry

RESOURCE = "arn:aws:states:::codebuild:startBuild"
ERROR = "CodeBuild.AWSCodeBuildException"
_POLL_SECONDS = 0.1
_SERVED = {RESOURCE, f"{RESOURCE}.sync"}


def apply() -> None:
    """Add the integration."""
    add_entry(engine._SERVICE_DISPATCH, RESOURCE)(start_build)


def start_build(resource: str, arguments: dict[str, Any]) -> Any:
    """Start a build, and with `.sync` wait for its end.

    AWS: for the permissions see https://docs.aws.amazon.com/step-functions/latest/dg/codebuild-iam.html. Names are in
    PascalCase; that times are in milliseconds, and that a failure's cause is {"Build": …} like the result, is
    plausible, not documented.
    """
    if resource not in _SERVED:
        raise failure("States.Runtime", f"{resource} is not served here")
    asked = engine._sdk_json_params({"protocol": "json"}, "codebuild", "StartBuild", arguments)
    build = _answer(codebuild._start_build(asked))["build"]
    if resource.endswith(".sync"):
        scope.submitted.get()({"Build": _shown(build)})
        build = _completed(build)
    return {"Build": _shown(build)}


def _completed(build: dict[str, Any]) -> dict[str, Any]:
    """Return the build once it has succeeded; stop it when the branch or the execution is over.

    AWS: a task is cancelled when its execution is stopped or another branch fails, time-outs are not in that list
    (https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync).
    """
    project, branch = codebuild._project_arn(build["projectName"]), scope.current()
    while not build["buildComplete"]:
        if branch and branch.over:
            demand(Need("codebuild:StopBuild", project, ERROR))
            codebuild._stop_build({"id": build["id"]})
            raise Stopped
        time.sleep(_POLL_SECONDS)
        [build] = _answer(codebuild._batch_get_builds({"ids": [build["id"]]}))["builds"]
    demand(Need("codebuild:BatchGetBuilds", project, ERROR))
    if build["buildStatus"] != "SUCCEEDED":
        raise failure("States.TaskFailed", json.dumps({"Build": _shown(build)}))
    return build


def _answer(response: tuple[int, dict[str, str], bytes]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(response[2])
    if response[0] != HTTPStatus.OK:
        raise failure(f"CodeBuild.{answer['__type']}", answer["message"])
    return answer


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            f"{name[0].upper()}{name[1:]}": round(each * 1000) if name.endswith("Time") else _shown(each)
            for name, each in value.items()
        }
    return [_shown(each) for each in value] if isinstance(value, list) else value
