"""A build as the API shows it, kept up to date while it runs, and what EventBridge is told of it."""

import copy
import json
import re
import threading
import time
from datetime import UTC, datetime
from typing import Any

from ministack.services import cloudwatch, eventbridge

type Build = dict[str, Any]

PHASES = ("INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD")
_lock = threading.Lock()
_TOLD = (
    "artifact", "environment", "timeoutInMinutes", "buildComplete", "initiator", "source", "sourceVersion", "logs",
    "phases", "queuedTimeoutInMinutes", "exportedEnvironmentVariables",
)  # fmt: skip


def now() -> float:
    """Return the time as CodeBuild gives it."""
    return round(time.time(), 3)


def shown(build: Build) -> Build:
    """Return a build as it is at this moment."""
    with _lock:
        return copy.deepcopy(build)


def note(build: Build, **members: Any) -> None:
    """Write something down about a build."""
    with _lock:
        build |= members


def begin(build: Build, phase: str) -> None:
    """Enter a phase."""
    entered = {"phaseType": phase, "startTime": now()}
    note(build, currentPhase=phase, phases=[*build["phases"], entered])


def end(build: Build, status: str, code: str = "", message: str = "") -> None:
    """Leave the phase in hand, and tell EventBridge.

    AWS: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BuildPhase.html
    """
    *before, phase = build["phases"]
    phase = {**phase, "phaseStatus": status, "endTime": now(), "contexts": [{"statusCode": code, "message": message}]}
    phase["durationInSeconds"] = int(phase["endTime"] - phase["startTime"])
    note(build, phases=[*before, phase])
    _announce(
        build,
        "CodeBuild Build Phase Change",
        {
            "completed-phase": phase["phaseType"],
            "completed-phase-status": status,
            "completed-phase-context": f"[{_context(phase['contexts'][0])}]",
            "completed-phase-duration-seconds": phase["durationInSeconds"],
            "completed-phase-start": _date(phase["startTime"]),
            "completed-phase-end": _date(phase["endTime"]),
        },
    )


def started(build: Build) -> None:
    """Tell EventBridge that a build has begun."""
    _announce_state(build)


def complete(build: Build, status: str) -> None:
    """End a build, and tell EventBridge and CloudWatch."""
    begin(build, "COMPLETED")
    note(build, endTime=now(), buildComplete=True, buildStatus=status)
    _announce_state(build)
    _count(build)


def _count(build: Build) -> None:
    """Count a build that has ended.

    AWS: https://docs.aws.amazon.com/codebuild/latest/userguide/monitoring-metrics.html - for the project, and for the
    account as a whole; one that was stopped counts neither as succeeded nor as failed.
    Engine: counted nothing.
    """
    values = {"Builds": (1.0, "Count"), "Duration": (build["endTime"] - build["startTime"], "Seconds")}
    if build["buildStatus"] != "STOPPED":
        succeeded = build["buildStatus"] == "SUCCEEDED"
        values["SucceededBuilds" if succeeded else "FailedBuilds"] = (1.0, "Count")
    for dimensions in ({"ProjectName": build["projectName"]}, dict[str, str]()):
        for name, (value, unit) in values.items():
            cloudwatch.record_metric("AWS/CodeBuild", name, value, unit, dimensions)


def _announce_state(build: Build) -> None:
    phase = {"current-phase": build["currentPhase"], "current-phase-context": "[]"}
    _announce(build, "CodeBuild Build State Change", {"build-status": build["buildStatus"], **phase})


def _announce(build: Build, kind: str, detail: dict[str, Any]) -> None:
    """Put an event about a build on the default bus.

    AWS: https://docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications.html#sample-build-notifications-ref
    """
    about = {**build, "artifact": build["artifacts"]}
    more = {"build-start-time": _date(build["startTime"])}
    more |= {_kebab(name): _told(about[name]) for name in _TOLD if name in about}
    told = {"project-name": build["projectName"], "build-id": build["arn"], "version": "1"}
    entry = {
        "Source": "aws.codebuild",
        "DetailType": kind,
        "Resources": [build["arn"]],
        "Detail": json.dumps({**told, **detail, "additional-information": more}),
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def _told(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {"statusCode", "message"}:
        return _context(value)
    if isinstance(value, dict):
        return {_kebab(name): _date(each) if name.endswith("Time") else _told(each) for name, each in value.items()}
    return [_told(each) for each in value] if isinstance(value, list) else value


def _context(context: dict[str, str]) -> str:
    return ": ".join(filter(None, context.values()))


def _kebab(name: str) -> str:
    """Return a member's name as events spell it."""
    spelt = {"contexts": "phase-context", "md5sum": "md5sum", "sha256sum": "sha256sum"}
    return spelt.get(name) or re.sub(r"(?=[A-Z])", "-", name).lower()


def _date(moment: float) -> str:
    at = datetime.fromtimestamp(moment, UTC)
    return f"{at:%b} {at.day}, {at.year} {at.hour % 12 or 12}:{at:%M:%S %p}"
