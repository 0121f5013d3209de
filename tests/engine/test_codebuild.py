"""CodeBuild: what a build runs, in which order, and what becomes of it."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.builds import Builds, context, inline, phases
from tests.engine.denials import denied
from tests.engine.test_codecommit import refused
from tests.engine.waiting import MINUTE, until

type Clients = Callable[[str], Any]
ALL = [
    "SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD",
    "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED",
]  # fmt: skip


def test_commands_run_in_their_order_and_go_on_from_one_another(builds: Builds) -> None:
    spec = {
        "install": ["echo install"],
        "pre_build": ["mkdir folder && cd folder", "export A=1; B=2"],
        "build": ['echo "$A-$B-${PWD##*/}"', "cd ..\nfor x in 1 2; do\n  echo $x\ndone"],
        "post_build": ["pwd; echo $CODEBUILD_SRC_DIR; echo $CODEBUILD_BUILD_SUCCEEDING"],
    }
    build = builds.once(spec)
    assert (build["buildStatus"], list(phases(build))) == ("SUCCEEDED", ALL)
    assert set(phases(build).values()) == {"SUCCEEDED", ""}
    first, second, *numbers, place, folder, succeeding = builds.log(build)
    assert (first, second, numbers) == ("install", "1--folder", ["1", "2"]), "variables that are exported stay"
    assert (place, succeeding) == (folder, "1")
    assert not Path(folder).exists(), "nothing is left of it"
    said = [line.split(" ", 3)[3] for line in builds.whole_log(build) if line.startswith("[Container]")]
    assert "Running command echo install" in said
    assert "Phase complete: BUILD State: SUCCEEDED" in said


def test_a_failed_build_phase_is_followed_by_post_build(builds: Builds) -> None:
    spec = {
        "build": {
            "commands": ["echo one; exit 3", "echo two"],
            "finally": ["echo finally $CODEBUILD_BUILD_SUCCEEDING"],
        },
        "post_build": ["echo post $CODEBUILD_BUILD_SUCCEEDING"],
    }
    build = builds.once(spec)
    assert (build["buildStatus"], list(phases(build))) == ("FAILED", ALL)
    assert [name for name, status in phases(build).items() if status == "FAILED"] == ["BUILD"]
    assert builds.log(build) == ["one", "finally 0", "post 0"]
    reason = "Error while executing command: echo one; exit 3. Reason: exit status 3"
    assert context(build, "BUILD") == ("COMMAND_EXECUTION_ERROR", reason)


def test_builds_are_counted(builds: Builds, client: Clients) -> None:
    builds_of = {answer: builds.once({"build": [f"exit {answer}"]})["projectName"] for answer in (0, 1)}

    def counted(answer: int) -> set[str]:
        dimensions = [{"Name": "ProjectName", "Value": builds_of[answer]}]
        found = client("cloudwatch").list_metrics(Namespace="AWS/CodeBuild", Dimensions=dimensions)["Metrics"]
        return {metric["MetricName"] for metric in found}

    assert counted(0) == {"Builds", "Duration", "SucceededBuilds"}
    assert counted(1) == {"Builds", "Duration", "FailedBuilds"}


@pytest.mark.parametrize("phase", ["install", "pre_build"])
def test_what_fails_before_the_build_ends_it(builds: Builds, phase: str) -> None:
    build = builds.once({phase: ["false"], "build": ["echo build"], "post_build": ["echo post"]})
    assert (build["buildStatus"], builds.log(build)) == ("FAILED", [])
    assert list(phases(build))[-3:] == [phase.upper(), "FINALIZING", "COMPLETED"]


def test_the_specification_may_say_what_a_failure_leads_to(builds: Builds) -> None:
    aborted = builds.once({"build": {"commands": ["false"], "on-failure": "ABORT"}, "post_build": ["echo post"]})
    assert "POST_BUILD" not in phases(aborted)
    went_on = builds.once({"install": {"commands": ["false"], "on-failure": "CONTINUE"}, "build": ["echo build"]})
    assert (builds.log(went_on), went_on["buildStatus"]) == (["build"], "FAILED")


def test_a_command_that_fails_last_in_post_build_fails_the_build(builds: Builds) -> None:
    build = builds.once({"build": ["true"], "post_build": ["false"]})
    assert (build["buildStatus"], phases(build)["POST_BUILD"]) == ("FAILED", "FAILED")
    assert "UPLOAD_ARTIFACTS" in phases(build)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("version: 0.2\nphases: [", "YAML is not valid"),
        ("version: 3\n", "unknown version"),
        ("version: 0.2\nphases:\n  deploy: {}\n", "unknown phases: deploy"),
        ("version: 0.2\nphases:\n  build:\n    commands:\n      - echo: 1\n", "to be strings"),
        ("none.yml", "does not exist"),
        ("../../../etc/passwd", "does not exist"),
    ],
)
def test_specifications_that_are_none(builds: Builds, text: str, sentence: str) -> None:
    build = builds.run(builds.make(text))
    code, said = context(build, "DOWNLOAD_SOURCE")
    assert (build["buildStatus"], code) == ("FAILED", "YAML_FILE_ERROR")
    assert sentence in said


def test_bash_and_the_first_version(builds: Builds) -> None:
    words = "[[ a == a* ]] && echo ${BASH_VERSION%%.*}"
    assert builds.log(builds.once({"build": [words], "top": {"env": {"shell": "bash"}}})) == ["5"]
    alone = {"build": ["export A=1; cd /", 'echo "$A-$(basename "$PWD")"'], "top": {"version": 0.1}}
    assert builds.log(builds.once(alone)) == ["-src"]


def test_a_build_that_hangs_is_ended_when_its_time_is_up(builds: Builds) -> None:
    name = builds.make({"build": ["sleep 600 & echo $!; wait"], "post_build": ["echo post"]}, timeoutInMinutes=5)
    started = time.monotonic()
    build = builds.run(name)
    assert time.monotonic() - started >= 5 * MINUTE
    assert (build["buildStatus"], phases(build)["BUILD"]) == ("TIMED_OUT", "TIMED_OUT")
    assert context(build, "BUILD")[0] == "BUILD_TIMED_OUT"
    [pid] = builds.log(build)
    assert not Path(f"/proc/{pid}").exists()


def test_a_build_is_stopped_with_all_it_runs(builds: Builds) -> None:
    build = builds.start(builds.make({"build": ["sleep 600 & echo $!; wait"]}))
    [pid] = until(lambda: "streamName" in (got := builds.get(build))["logs"] and builds_log(builds, got))
    assert Path(f"/proc/{pid}").exists()
    builds.codebuild.stop_build(id=build)
    ended = builds.end(build)
    assert (ended["buildStatus"], phases(ended)["BUILD"]) == ("STOPPED", "STOPPED")
    assert not Path(f"/proc/{pid}").exists()
    assert builds.codebuild.stop_build(id=build)["build"]["endTime"] == ended["endTime"], "once is enough"


def builds_log(builds: Builds, build: dict[str, Any]) -> list[str]:
    """Return a build's log, nothing before there is one."""
    try:
        return builds.log(build)
    except ClientError:
        return []


def test_a_project_s_limit_of_builds(builds: Builds) -> None:
    name = builds.make({"build": ["sleep 600"]}, concurrentBuildLimit=1)
    first = builds.start(name)
    assert refused(builds.codebuild.start_build, projectName=name) == "AccountLimitExceededException"
    builds.codebuild.stop_build(id=first)
    builds.end(first)
    second = builds.start(name)
    builds.codebuild.stop_build(id=second)
    assert builds.end(second)["buildNumber"] == 2


def test_a_token_starts_one_build(builds: Builds) -> None:
    name = builds.make({"build": ["true"]})
    first = builds.start(name, idempotencyToken="t")
    assert builds.start(name, idempotencyToken="t") == first
    other = {"projectName": name, "idempotencyToken": "t", "sourceVersion": "main"}
    assert refused(builds.codebuild.start_build, **other) == "InvalidInputException"
    assert builds.start(name, idempotencyToken="u") != first


def test_builds_are_found_by_id_and_arn_and_listed(builds: Builds) -> None:
    name = builds.make({"build": ["true"]})
    build = builds.run(name)
    assert builds.get(build["arn"]) == builds.get(build["id"]) == build
    assert builds.codebuild.list_builds_for_project(projectName=name)["ids"] == [build["id"]]
    assert builds.codebuild.batch_get_builds(ids=["no:build"])["buildsNotFound"] == ["no:build"]
    assert refused(builds.codebuild.start_build, projectName="none") == "ResourceNotFoundException"
    assert build["initiator"] == "root"


def test_permissions_are_asked_for_the_project(builds: Builds, as_role: Any) -> None:
    mine, other = (builds.make({"build": ["true"]}) for _ in range(2))
    actions = ["codebuild:StartBuild", "codebuild:BatchGetBuilds", "codebuild:StopBuild"]
    role = as_role({"Action": actions, "Resource": f"arn:aws:codebuild:us-east-1:000000000000:project/{mine}"})
    codebuild = role("codebuild")
    build = codebuild.start_build(projectName=mine)["build"]
    assert codebuild.batch_get_builds(ids=[build["id"]])["builds"]
    assert codebuild.stop_build(id=build["arn"])
    assert f"project/{other}" in denied(codebuild.start_build, projectName=other)
    assert f"project/{other}" in denied(codebuild.batch_get_builds, ids=[build["id"], builds.start(other)])
    assert build["initiator"].endswith("/test")


def test_a_build_is_told_what_it_is(builds: Builds) -> None:
    shown = "env | grep -v SECRET | sort"
    build = builds.once([shown], asked={"sourceVersion": "x"})
    said = dict(line.split("=", 1) for line in builds.log(build) if "=" in line)
    assert (said["CODEBUILD_BUILD_ID"], said["CODEBUILD_BUILD_ARN"]) == (build["id"], build["arn"])
    assert (said["CODEBUILD_BUILD_NUMBER"], said["CODEBUILD_SOURCE_VERSION"]) == ("1", "x")
    assert said["CODEBUILD_LOG_PATH"] == build["logs"]["streamName"] == build["id"].partition(":")[2]
    assert said["CODEBUILD_START_TIME"] == str(int(build["startTime"].timestamp() * 1000))
    assert (said["AWS_REGION"], said["AWS_DEFAULT_REGION"]) == ("us-east-1", "us-east-1")
    assert {said["HOME"], said["TMPDIR"]} <= {str(Path(said["CODEBUILD_SRC_DIR"]).parent / f) for f in ("home", "tmp")}
    assert said["OF_THE_IMAGE"] == "1"
    of_the_image = {name.removeprefix("ENGINE_BUILD_") for name in os.environ if name.startswith("ENGINE_BUILD_")}
    usual = {"PATH", "HOME", "TMPDIR", "LANG", "PWD", "OLDPWD", "SHLVL", "_", "AWS_ENDPOINT_URL"}
    theirs = set(os.environ) - usual - of_the_image
    assert not {name for name in theirs & set(said) if not name.startswith("AWS_")}


def test_settings_of_a_start_count_more(builds: Builds) -> None:
    name = builds.make({"build": ["echo project"]})
    asked = {"buildspecOverride": inline({"build": ["echo start"]}), "timeoutInMinutesOverride": 6}
    build = builds.run(name, **asked, logsConfigOverride={"cloudWatchLogs": {"status": "ENABLED", "groupName": name}})
    assert (builds.log(build), build["timeoutInMinutes"], build["logs"]["groupName"]) == (["start"], 6, name)
    quiet = builds.run(name, logsConfigOverride={"cloudWatchLogs": {"status": "DISABLED"}})
    assert (quiet["buildStatus"], "groupName" in quiet["logs"]) == ("SUCCEEDED", False)
