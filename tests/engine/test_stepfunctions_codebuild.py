"""Step Functions: a task that starts a build, and one that waits for it."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.executions import wait_for_end
from scripts.local_engine import Engine
from tests.engine.builds import Builds
from tests.engine.repositories import Repositories
from tests.engine.waiting import until
from tests.support.machines import Machines

ARN = "arn:aws:codebuild:us-east-1:000000000000:project/{}"
RULE = {
    "Action": ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
    "Resource": "arn:aws:events:us-east-1:000000000000:rule/StepFunctionsGetEventForCodeBuildStartBuildRule",
}


def task(resource: str, **arguments: Any) -> list[dict[str, Any]]:
    return [{"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments}]


def allow(project: str, *actions: str) -> dict[str, Any]:
    return {"Action": [f"codebuild:{action}" for action in actions], "Resource": ARN.format(project)}


@pytest.fixture(scope="module")
def hello(builds: Builds) -> str:
    return builds.make({"build": ["echo hello $NAME"], "top": {"env": {"exported-variables": ["NAME"]}}})


def test_waiting_gives_the_build(machines: Machines, builds: Builds, hello: str) -> None:
    variables = [{"Name": "NAME", "Value": "ada", "Type": "PLAINTEXT"}]
    states = task("codebuild:startBuild.sync", ProjectName=hello, EnvironmentVariablesOverride=variables)
    ended = machines.once(states, allow(hello, "StartBuild", "BatchGetBuilds"), RULE)
    build = json.loads(ended["output"])["Build"]
    assert (build["BuildStatus"], build["ProjectName"], build["BuildComplete"]) == ("SUCCEEDED", hello, True)
    assert build["ExportedEnvironmentVariables"] == [{"Name": "NAME", "Value": "ada"}]
    assert {phase["PhaseType"] for phase in build["Phases"]} >= {"BUILD", "COMPLETED"}
    shown = builds.get(build["Id"])
    assert build["StartTime"] == int(shown["startTime"].timestamp() * 1000)
    assert (builds.log(shown), build["Logs"]["GroupName"]) == (["hello ada"], f"/aws/codebuild/{hello}")
    place = f"group=/aws/codebuild/{hello};stream={build['Logs']['StreamName']}"
    assert build["Logs"]["DeepLink"].endswith(f".amazon.com/cloudwatch/home?region=us-east-1#logEvent:{place}")
    assert build["Initiator"].endswith("/states")
    [submitted] = [event for event in machines.events(ended) if event["type"] == "TaskSubmitted"]
    assert json.loads(submitted["taskSubmittedEventDetails"]["output"])["Build"]["Id"] == build["Id"]


def test_not_waiting_gives_the_build_that_was_started(machines: Machines, builds: Builds, hello: str) -> None:
    ended = machines.once(task("codebuild:startBuild", ProjectName=hello), allow(hello, "StartBuild"))
    build = json.loads(ended["output"])["Build"]
    assert build["BuildStatus"] == "IN_PROGRESS"
    assert builds.end(build["Id"])["buildStatus"] == "SUCCEEDED"


def test_a_build_that_does_not_succeed_fails_the_task(machines: Machines, builds: Builds) -> None:
    failing, hanging = builds.make({"build": ["exit 3"]}), builds.make({"build": ["sleep 600"]}, timeoutInMinutes=5)
    everything = {"Action": "*", "Resource": "*"}
    for project, status in ((failing, "FAILED"), (hanging, "TIMED_OUT")):
        ended = machines.once(task("codebuild:startBuild.sync", ProjectName=project), everything)
        assert (ended["status"], ended["error"]) == ("FAILED", "States.TaskFailed")
        build = json.loads(ended["cause"])["Build"]
        assert build["BuildStatus"] == status
    [phase] = [phase for phase in build["Phases"] if phase["PhaseType"] == "BUILD"]
    assert phase["Contexts"][0]["StatusCode"] == "BUILD_TIMED_OUT"
    unknown = machines.once(task("codebuild:startBuild.sync", ProjectName="none"), everything)
    assert unknown["error"] == "CodeBuild.ResourceNotFoundException"


def test_each_permission_is_asked_for(machines: Machines, hello: str) -> None:
    states = task("codebuild:startBuild.sync", ProjectName=hello)
    with pytest.raises(ClientError, match="not authorized to create managed-rule"):
        machines.make(states, allow(hello, "StartBuild", "BatchGetBuilds"))
    denied = machines.once(states, allow("other", "StartBuild"), RULE)
    assert denied["error"] == "CodeBuild.AWSCodeBuildException"
    assert f"codebuild:StartBuild on resource: {ARN.format(hello)}" in denied["cause"]
    blind = machines.once(states, allow(hello, "StartBuild"), RULE)
    assert "codebuild:BatchGetBuilds" in blind["cause"]


def test_stopping_the_execution_stops_the_build(machines: Machines, builds: Builds, engine: Engine) -> None:
    project = builds.make({"build": ["sleep 600"]})
    machine = machines.make(
        task("codebuild:startBuild.sync", ProjectName=project), allow(project, "StartBuild", "StopBuild"), RULE
    )
    execution = machines.sfn.start_execution(stateMachineArn=machine)["executionArn"]
    listed = until(lambda: builds.codebuild.list_builds_for_project(projectName=project)["ids"])
    until(lambda: builds.get(listed[0])["currentPhase"] == "BUILD")
    machines.sfn.stop_execution(executionArn=execution)
    assert wait_for_end(machines.sfn, execution, 10)["status"] == "ABORTED"
    assert builds.end(listed[0])["buildStatus"] == "STOPPED"
    role = machines.sfn.describe_state_machine(stateMachineArn=machine)["roleArn"]
    asked = [
        each for each in engine.decisions() if each["principal"] == role and each["action"] == "codebuild:StopBuild"
    ]
    assert [(each["resource"], each["decision"]) for each in asked] == [(ARN.format(project), "Allow")]


def test_a_failing_branch_stops_the_build_of_another(machines: Machines, builds: Builds) -> None:
    project = builds.make({"build": ["sleep 600"]})
    waiting = {"Type": "Task", "Resource": "arn:aws:states:::codebuild:startBuild.sync", "End": True}
    failing = {"Type": "Wait", "Seconds": 1, "Next": "Fail"}
    branches = [
        {"StartAt": "Build", "States": {"Build": {**waiting, "Arguments": {"ProjectName": project}}}},
        {"StartAt": "Wait", "States": {"Wait": failing, "Fail": {"Type": "Fail", "Error": "Other"}}},
    ]
    ended = machines.once([{"Type": "Parallel", "Branches": branches}], {"Action": "*", "Resource": "*"})
    assert ended["error"] == "Other"
    [build] = builds.codebuild.list_builds_for_project(projectName=project)["ids"]
    assert builds.end(build)["buildStatus"] == "STOPPED"


def test_the_sdk_integrations_of_both_services(machines: Machines, repositories: Repositories, hello: str) -> None:
    clone = repositories.make()
    commit = clone.push({"a": "1"})
    states = task("aws-sdk:codecommit:getBranch", RepositoryName=clone.name, BranchName="main")
    ended = machines.once(states, {"Action": "codecommit:GetBranch", "Resource": clone.arn})
    assert json.loads(ended["output"]) == {"Branch": {"BranchName": "main", "CommitId": commit}}
    assert machines.once(states)["error"] == "CodeCommit.CodeCommitException"
    missing = task("aws-sdk:codecommit:getBranch", RepositoryName=clone.name, BranchName="no")
    failed = machines.once(missing, {"Action": "codecommit:GetBranch", "Resource": clone.arn})
    assert failed["error"] == "CodeCommit.BranchDoesNotExistException"
    told = {"RepositoryName": clone.name, "AfterCommitId": commit, "Content": "Done.", "ClientRequestToken": "t"}
    posting = {"Action": "codecommit:PostCommentForComparedCommit", "Resource": clone.arn}
    posted = machines.once(task("aws-sdk:codecommit:postCommentForComparedCommit", **told), posting)
    comment = json.loads(posted["output"])["Comment"]
    assert (comment["Content"], comment["AuthorArn"].rpartition("/")[2]) == ("Done.", "states")
    states = task("aws-sdk:codebuild:batchGetProjects", Names=[hello])
    [project] = json.loads(machines.once(states, allow(hello, "BatchGetProjects"))["output"])["Projects"]
    assert project["Name"] == hello
    assert machines.once(states)["error"] == "CodeBuild.CodeBuildException"
