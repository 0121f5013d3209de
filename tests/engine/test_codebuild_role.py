"""CodeBuild: what a build may do, and may have, is decided by its service role."""

import io
import json
import sys
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from scripts.local_engine import Engine
from tests.engine.builds import ENVIRONMENT, LOGGING, Builds, context, inline, phases
from tests.engine.functions import zipped
from tests.engine.repositories import Clone, Repositories
from tests.engine.test_codecommit import refused
from tests.engine.test_sandbox import WITH_LANDLOCK
from tests.engine.waiting import until

type Clients = Callable[[str], Any]
EVERYTHING = {"Action": "*", "Resource": "*"}


def allow(action: str | list[str], resource: str = "*") -> dict[str, Any]:
    return {"Action": action, "Resource": resource}


def pulling(builds: Builds, clone: Clone, spec: Any = "", **settings: Any) -> str:
    """Make a project that builds a repository."""
    source = {"type": "CODECOMMIT", "location": clone.url, **settings.pop("source", {})}
    return builds.make(spec, allow("codecommit:GitPull", clone.arn), source=source, **settings)


def python(builds: Builds, source: str, *statements: dict[str, Any]) -> dict[str, Any]:
    """Return a build that runs a Python program with an SDK."""
    return builds.once([f"python -c {json.dumps(source)}"], *statements)


def test_every_version_of_a_source(builds: Builds, repositories: Repositories) -> None:
    clone = repositories.make()
    first = clone.push({"text": "one"})
    second = clone.push({"text": "two"})
    clone.run("push", "--quiet", clone.url, f"{first}:refs/heads/old", f"{first}:refs/tags/v1")
    spec = {
        "build": ["cat text; echo; echo $CODEBUILD_RESOLVED_SOURCE_VERSION; git rev-parse HEAD; git status --short"]
    }
    name = pulling(builds, clone, spec)
    for version, commit in (
        (None, second), ("main", second), (first, first), ("refs/heads/old", first), ("v1", first),
        (f"refs/heads/main^{{{first}}}", first),
    ):  # fmt: skip
        build = builds.run(name, **({"sourceVersion": version} if version else {}))
        text = {first: "one", second: "two"}[commit]
        assert (builds.log(build), build["resolvedSourceVersion"]) == ([text, commit, commit], commit), version
    unknown = builds.run(name, sourceVersion="no-such-branch")
    code, sentence = context(unknown, "DOWNLOAD_SOURCE")
    assert (unknown["buildStatus"], code) == ("FAILED", "CLIENT_ERROR")
    assert "reference not found for primary source and source version no-such-branch" in sentence


def test_the_specification_comes_from_the_source(builds: Builds, repositories: Repositories) -> None:
    clone = repositories.make()
    at_root, elsewhere = inline({"build": ["echo root"]}), inline({"build": ["cat text"]})
    clone.push({"buildspec.yml": at_root, "folder/other.yml": elsewhere, "text": "here\n"})
    name = pulling(builds, clone, source={"gitCloneDepth": 1})
    assert builds.log(builds.run(name)) == ["root"]
    assert builds.log(builds.run(name, buildspecOverride="folder/other.yml")) == ["here"]
    by_address = f"https://git-codecommit.us-east-1.amazonaws.com/v1/repos/{clone.name}"
    assert builds.log(builds.run(name, sourceLocationOverride=by_address)) == ["root"]


def test_the_source_is_pulled_with_the_role(builds: Builds, repositories: Repositories, client: Clients) -> None:
    clone = repositories.make()
    clone.push({"text": "one"})
    source = {"type": "CODECOMMIT", "location": clone.url}
    build = builds.once(["true"], source=source)
    assert "codecommit:GitPull" in context(build, "DOWNLOAD_SOURCE")[1]
    assert list(phases(build))[-3:] == ["DOWNLOAD_SOURCE", "FINALIZING", "COMPLETED"]
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    client("codecommit").update_repository_encryption_key(repositoryName=clone.name, kmsKeyId=key)
    assert "kms:Decrypt" in context(builds.run(pulling(builds, clone, {"build": ["true"]})), "DOWNLOAD_SOURCE")[1]


def test_a_source_in_s3(builds: Builds, client: Clients, name: str) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="source.zip", Body=zipped({"buildspec.yml": inline({"build": ["echo zipped"]})}))
    source = {"type": "S3", "location": f"{name}/source.zip"}
    reading = allow("s3:GetObject", f"arn:aws:s3:::{name}/source.zip")
    assert builds.log(builds.run(builds.make("", reading, source=source))) == ["zipped"]
    assert "AccessDenied" in context(builds.run(builds.make("", source=source)), "DOWNLOAD_SOURCE")[1]


def test_the_commands_act_with_the_role(builds: Builds, client: Clients, name: str, engine: Engine) -> None:
    client("s3").create_bucket(Bucket=name)
    program = f"import boto3; boto3.client('s3').put_object(Bucket='{name}', Key='k'); print('put')"
    failed = python(builds, program)
    assert (failed["buildStatus"], "AccessDenied" in builds.log(failed)[-1]) == ("FAILED", True)
    build = python(builds, program, allow("s3:PutObject", f"arn:aws:s3:::{name}/*"))
    assert builds.log(build) == ["put"]
    used = [each for each in engine.decisions() if each["principal"] == build["serviceRole"]]
    assert {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "s3:PutObject"} == {
        each["action"] for each in used if each["decision"] == "Allow"
    }
    whoami = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    [arn] = builds.log(build := python(builds, whoami))
    assert arn.rpartition("/")[2] == f"AWSCodeBuild-{build['id'].partition(':')[2]}"


def test_the_role_must_trust_codebuild(builds: Builds, make_role: Any, client: Clients) -> None:
    wrong = make_role(LOGGING, trust="lambda.amazonaws.com")
    with pytest.raises(Exception, match=f"CodeBuild is not authorized to perform: sts:AssumeRole on {wrong}"):
        builds.make({"build": ["true"]}, serviceRole=wrong)
    name = builds.make({"build": ["true"]})
    role = builds.codebuild.batch_get_projects(names=[name])["projects"][0]["serviceRole"]
    update = {"name": name, "serviceRole": wrong}
    assert refused(builds.codebuild.update_project, **update) == "InvalidInputException"
    denying = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": "*"}}
    client("iam").update_assume_role_policy(RoleName=role.rpartition("/")[2], PolicyDocument=json.dumps(denying))
    build = builds.run(name)
    assert context(build, "PROVISIONING")[0] == "ACCESS_DENIED"
    assert list(phases(build))[-3:] == ["PROVISIONING", "FINALIZING", "COMPLETED"]


def test_a_trust_may_be_for_one_project(builds: Builds, make_role: Any, name: str) -> None:
    only = {"StringEquals": {"aws:SourceArn": f"arn:aws:codebuild:us-east-1:000000000000:project/{name}"}}
    role = make_role(LOGGING, trust={"Principal": {"Service": "codebuild.amazonaws.com"}, "Condition": only})
    with pytest.raises(Exception, match="sts:AssumeRole"):
        builds.make({"build": ["true"]}, serviceRole=role)
    assert (
        builds.run(builds.make({"build": ["true"]}, serviceRole=role, name=name) and name)["buildStatus"] == "SUCCEEDED"
    )


def test_the_log_is_made_with_the_role(builds: Builds, make_role: Any, client: Clients, name: str) -> None:
    role = make_role(trust="codebuild.amazonaws.com")
    code, sentence = context(builds.once(["true"], serviceRole=role), "PROVISIONING")
    assert code == "ACCESS_DENIED"
    assert f"Service role {role} does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams" in sentence
    client("logs").create_log_group(logGroupName=name)
    logs = {"cloudWatchLogs": {"status": "ENABLED", "groupName": name}}
    group = f"arn:aws:logs:us-east-1:000000000000:log-group:{name}:*"
    narrow = make_role(allow(["logs:CreateLogStream", "logs:PutLogEvents"], group), trust="codebuild.amazonaws.com")
    assert builds.log(builds.once(["echo here"], serviceRole=narrow, logsConfig=logs)) == ["here"]


def test_variables_of_all_kinds(builds: Builds, client: Clients, name: str) -> None:
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    client("ssm").put_parameter(Name=f"/{name}/p", Value="parameter-1", Type="SecureString", KeyId=key)
    client("secretsmanager").create_secret(Name=name, SecretString=json.dumps({"user": "secret-1"}), KmsKeyId=key)
    env = {
        "variables": {"A": "spec", "B": "spec", "C": "spec"},
        "parameter-store": {"P": f"/{name}/p"},
        "secrets-manager": {"S": f"{name}:user"},
        "exported-variables": ["B", "D", "NOT_SET"],
    }
    spec = inline(
        {"build": ["echo $A $B $C", "echo ${P%-1} ${S%-1}", "echo $P $S", "export D='it'\\''s 2'"], "top": {"env": env}}
    )
    variables = [{"name": "B", "value": "project"}, {"name": "C", "value": "project"}]
    environment = {**ENVIRONMENT, "environmentVariables": variables}
    statements = [
        allow("ssm:GetParameters", f"arn:aws:ssm:us-east-1:000000000000:parameter/{name}/p"),
        allow("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}-*"),
        allow("kms:Decrypt", key),
    ]
    asked = {"environmentVariablesOverride": [{"name": "C", "value": "start"}]}
    build = builds.run(builds.make(spec, *statements, environment=environment), **asked)
    assert builds.log(build) == ["spec project start", "parameter secret", "*** ***"]
    exported = {each["name"]: each["value"] for each in build["exportedEnvironmentVariables"]}
    assert exported == {"B": "project", "D": "it's 2", "NOT_SET": ""}
    for index, action in enumerate(["ssm:GetParameters", "secretsmanager:GetSecretValue", "kms:Decrypt"]):
        lacking = statements[:index] + statements[index + 1 :]
        denied = builds.run(builds.make(spec, *lacking))
        assert action in context(denied, "DOWNLOAD_SOURCE")[1]
    by_start = [{"name": "P", "value": f"/{name}/no", "type": "PARAMETER_STORE"}]
    everything = builds.make({"build": ["true"]}, EVERYTHING)
    missing = builds.run(everything, environmentVariablesOverride=by_start)
    assert "Parameter does not exist" in context(missing, "DOWNLOAD_SOURCE")[1]


def test_artifacts_are_put_by_the_role(builds: Builds, client: Clients, name: str) -> None:
    s3, key = client("s3"), client("kms").create_key()["KeyMetadata"]["Arn"]
    s3.create_bucket(Bucket=name)
    spec = {
        "build": ["mkdir -p out/deep && echo 1 > out/a.txt && echo 2 > out/deep/b.txt && echo 3 > out/c.log"],
        "post_build": ["ln -s /etc/passwd out/passwd.txt; export V=7"],
        "top": {"artifacts": {"files": ["**/*"], "base-directory": "out", "exclude-paths": ["*.log"], "name": "n-$V"}},
    }
    to = {"type": "S3", "location": name, "path": "p", "name": "n", "packaging": "NONE", "namespaceType": "NONE"}
    putting = [allow("s3:PutObject", f"arn:aws:s3:::{name}/p/*"), allow("kms:GenerateDataKey", key)]
    build = builds.once(spec, *putting, artifacts=to, encryptionKey=key)
    assert build["buildStatus"] == "SUCCEEDED"
    assert build["artifacts"]["location"] == f"arn:aws:s3:::{name}/p/n"
    listed = s3.list_objects_v2(Bucket=name, Prefix="p/n/")["Contents"]
    assert [each["Key"] for each in listed] == ["p/n/a.txt", "p/n/deep/b.txt"]
    assert s3.head_object(Bucket=name, Key="p/n/a.txt")["SSEKMSKeyId"] == key
    zipping = {**to, "packaging": "ZIP", "namespaceType": "BUILD_ID", "overrideArtifactName": True}
    zip_build = builds.once(spec, *putting, artifacts=zipping, encryptionKey=key)
    place = f"p/{zip_build['id'].partition(':')[2]}/n-7"
    archive = zipfile.ZipFile(io.BytesIO(s3.get_object(Bucket=name, Key=place)["Body"].read()))
    assert archive.namelist() == ["a.txt", "deep/b.txt"]
    assert len(zip_build["artifacts"]["sha256sum"]) == 64
    without_key = builds.once(spec, putting[0], artifacts=to, encryptionKey=key)
    assert (without_key["buildStatus"], phases(without_key)["UPLOAD_ARTIFACTS"]) == ("FAILED", "FAILED")
    assert "kms:GenerateDataKey" in context(without_key, "UPLOAD_ARTIFACTS")[1]
    nothing = builds.once({**spec, "top": {"artifacts": {"files": ["none/*"]}}}, *putting, artifacts=to)
    assert context(nothing, "UPLOAD_ARTIFACTS")[1] == "no matching artifact paths found"


@WITH_LANDLOCK  # without it, this would really happen
def test_a_build_reaches_neither_the_repository_nor_the_engine(
    builds: Builds, repositories: Repositories, engine: Engine
) -> None:
    clone = repositories.make()
    commit = clone.push({"text": "one"})
    attempts = [
        "git push -q origin HEAD:refs/heads/mine",
        "git fetch -q origin",
        f"cat {engine.directory}/decisions.jsonl",
        f"touch {engine.directory}/written",
        f"touch {sys.prefix}/written",
    ]
    name = pulling(builds, clone, {"build": [f"if {attempt}; then echo reached; fi" for attempt in attempts]})
    build = builds.run(name)
    assert build["buildStatus"] == "SUCCEEDED"
    assert "reached" not in builds.log(build)
    assert not any("Landlock" in line for line in builds.whole_log(build))
    assert clone.run("ls-remote", clone.url).split() == [commit, "HEAD", commit, "refs/heads/main"]


def test_builds_and_their_phases_are_events(builds: Builds, client: Clients, name: str) -> None:
    project = builds.make({"build": ["false"]})
    queue = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:000000000000:{name}"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    pattern = {"source": ["aws.codebuild"], "detail": {"project-name": [project]}}
    client("events").put_rule(Name=name, EventPattern=json.dumps(pattern))
    client("events").put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    build = builds.run(project)
    got: list[dict[str, Any]] = []

    def complete() -> bool:
        messages = client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        got.extend(json.loads(message["Body"]) for message in messages)
        return any(event["detail"].get("build-status") == "FAILED" for event in got)

    until(complete)
    states = [event for event in got if event["detail-type"] == "CodeBuild Build State Change"]
    assert sorted(event["detail"]["build-status"] for event in states) == ["FAILED", "IN_PROGRESS"]
    failed = next(event["detail"] for event in states if event["detail"]["build-status"] == "FAILED")
    assert (failed["build-id"], failed["current-phase"]) == (build["arn"], "COMPLETED")
    more = failed["additional-information"]
    assert (more["build-complete"], more["logs"]["group-name"]) == (True, build["logs"]["groupName"])
    assert more["environment"]["compute-type"] == "BUILD_GENERAL1_SMALL"
    told = {
        event["detail"]["completed-phase"]: event["detail"]
        for event in got
        if event["detail-type"] == "CodeBuild Build Phase Change"
    }
    assert set(told) == set(phases(build)) - {"COMPLETED"}
    assert told["BUILD"]["completed-phase-status"] == "FAILED"
    assert "COMMAND_EXECUTION_ERROR: Error while executing command: false" in told["BUILD"]["completed-phase-context"]
    client("events").remove_targets(Rule=name, Ids=["queue"])
    client("events").delete_rule(Name=name)
