"""Projects of CodeBuild with a role of their own, and their builds."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.engine.waiting import until

LOGGING = {"Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
TRUST = "codebuild.amazonaws.com"
ENVIRONMENT = {
    "type": "LINUX_CONTAINER",
    "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
    "computeType": "BUILD_GENERAL1_SMALL",
}
SECONDS = 30


class Builds:
    """Makes projects and runs builds for one test session."""

    def __init__(self, client: Callable[[str], Any], make_role: Callable[..., str]) -> None:
        self.codebuild = client("codebuild")
        self._logs = client("logs")
        self._make_role = make_role

    def make(self, spec: dict[str, Any] | str = "", *statements: dict[str, Any], **settings: Any) -> str:
        """Make a project that runs a specification, given as such or as a path; return its name."""
        name = f"project-{uuid4().hex[:12]}"
        text = spec if isinstance(spec, str) else inline(spec)
        source = {"type": "NO_SOURCE", **({"buildspec": text} if text else {}), **settings.pop("source", {})}
        role = settings.pop("serviceRole", None) or self._make_role(LOGGING, *statements, trust=TRUST)
        self.codebuild.create_project(
            **{
                "name": name,
                "source": source,
                "artifacts": {"type": "NO_ARTIFACTS"},
                "environment": ENVIRONMENT,
                "serviceRole": role,
                **settings,
            }
        )
        return name

    def start(self, project: str, **asked: Any) -> str:
        """Start a build; return its id."""
        return str(self.codebuild.start_build(projectName=project, **asked)["build"]["id"])

    def get(self, build: str) -> dict[str, Any]:
        """Return a build."""
        [found] = self.codebuild.batch_get_builds(ids=[build])["builds"]
        return dict(found)

    def end(self, build: str, seconds: float = SECONDS) -> dict[str, Any]:
        """Return a build once it is complete; fail after so many seconds."""

        def complete() -> dict[str, Any]:
            found = self.get(build)
            return found if found["buildComplete"] else {}

        return until(complete, seconds)

    def run(self, project: str, **asked: Any) -> dict[str, Any]:
        """Return a new build of a project once it is complete."""
        return self.end(self.start(project, **asked))

    def once(self, spec: dict[str, Any] | list[str], *statements: dict[str, Any], **settings: Any) -> dict[str, Any]:
        """Return the only build of a new project; a list are the commands of its phase `build`."""
        asked = settings.pop("asked", {})
        given = spec if isinstance(spec, dict) else {"build": spec}
        return self.run(self.make(given, *statements, **settings), **asked)

    def log(self, build: dict[str, Any]) -> list[str]:
        """Return the lines of a build's log, without what CodeBuild itself had to say."""
        return [line for line in self.whole_log(build) if not line.startswith("[Container]")]

    def whole_log(self, build: dict[str, Any]) -> list[str]:
        """Return all lines of a build's log."""
        place = {"logGroupName": build["logs"]["groupName"], "logStreamName": build["logs"]["streamName"]}
        events = self._logs.get_log_events(**place, startFromHead=True)["events"]
        return [event["message"].rstrip("\n") for event in events]


def inline(spec: dict[str, Any]) -> str:
    """Return the specification with the given phases, whose commands may be just a list; `top` joins the top level."""
    phases = {name: {"commands": phase} if isinstance(phase, list) else phase for name, phase in spec.items()}
    top = phases.pop("top", {})
    return json.dumps({"version": "0.2", "phases": phases, **top}, indent=1)


def phases(build: dict[str, Any]) -> dict[str, str]:
    """Return the status of each phase that a build went through; the last one has none."""
    return {phase["phaseType"]: phase.get("phaseStatus", "") for phase in build["phases"]}


def context(build: dict[str, Any], phase: str) -> tuple[str, str]:
    """Return the code and the sentence of a phase."""
    [found] = next(each["contexts"] for each in build["phases"] if each["phaseType"] == phase)
    return found["statusCode"], found["message"]
