"""All facts of a small environment, from what AWS's APIs answer to what the doctor says."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import pytest
from moto import mock_aws

from scripts.deployment import Deployment
from scripts.doctor.adapters import apis, machines
from scripts.doctor.adapters.environment import gather
from scripts.doctor.adapters.reading import Window
from scripts.doctor.diagnosis import diagnose
from scripts.doctor.facts import Environment
from scripts.doctor.findings import Fault

REGION = "us-east-1"
ID = "5f4d0a4e-1111-2222-3333-444455556666"
NAME = "flows-dev-load"
DENIED = "is not authorized to perform: dynamodb:PutItem on resource: arn:aws:dynamodb:us-east-1:123456789012:table/t"


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("handler.py", "")
    return content.getvalue()


def trusting(service: str) -> str:
    principal = {"Service": service}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def invoked(*messages: str) -> None:
    """Write the lines of one invocation that came after the function was made."""
    logs = boto3.client("logs", REGION)
    stamp = int(datetime.now(UTC).timestamp() * 1000) + 30_000
    events = [{"timestamp": stamp, "message": message} for message in messages]
    logs.put_log_events(logGroupName=f"/aws/lambda/{NAME}", logStreamName="s", logEvents=events)


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    # moto knows no versions of machines, and its API Gateway needs packages that nothing else does.
    monkeypatch.setattr(machines, "_changed", lambda *_: 0.0)
    monkeypatch.setattr(apis, "apis", lambda _: ())
    with mock_aws():
        iam, functions, logs = (boto3.client(service, REGION) for service in ("iam", "lambda", "logs"))
        role = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=trusting("lambda.amazonaws.com"))["Role"]["Arn"]
        functions.create_function(
            FunctionName=NAME,
            Role=role,
            Code={"ZipFile": zipped()},
            Handler="handler.handler",
            Runtime="python3.13",
            Timeout=3,
            Publish=True,
        )
        functions.create_alias(FunctionName=NAME, Name="live", FunctionVersion="1")
        logs.create_log_group(logGroupName=f"/aws/lambda/{NAME}")
        logs.create_log_stream(logGroupName=f"/aws/lambda/{NAME}", logStreamName="s")
        boto3.client("stepfunctions", REGION).create_state_machine(
            name="flows-dev-etl",
            roleArn=role,
            definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
        )
        yield Deployment("dev", {"foundation": {"name": "flows-dev"}}, REGION)


def looked(deployment: Deployment) -> Environment:
    now = datetime.now(UTC).timestamp()
    return gather(deployment, Window(now - 3600, now + 120, 100))


def test_a_quiet_environment_is_healthy_and_read_as_a_whole(deployed: Deployment) -> None:
    found = looked(deployed)
    assert ([each.name for each in found.functions], [each.name for each in found.machines]) == (
        [NAME],
        ["flows-dev-etl"],
    )
    assert f"arn:aws:lambda:{REGION}:123456789012:function:{NAME}:live" in found.access.resources
    assert found.access.roles[NAME].policies == ()
    assert (diagnose(found), found.unread) == ([], ())


def test_a_time_out_is_diagnosed_from_the_log(deployed: Deployment) -> None:
    invoked(
        f"REPORT RequestId: {ID}\tDuration: 3000.00 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\tStatus: timeout"
    )
    [found] = diagnose(looked(deployed))
    assert (found.fault, found.subject) == (Fault.TIME_OUT, NAME)


def test_a_refusal_is_diagnosed_from_the_log_and_mended_by_its_statement(deployed: Deployment) -> None:
    invoked(
        f"START RequestId: {ID} Version: 1",
        f"[ERROR] User: arn:aws:sts::123456789012:assumed-role/{NAME}/{NAME} {DENIED} because no identity-based policy "
        "allows the dynamodb:PutItem action",
        f"REPORT RequestId: {ID}\tDuration: 9.00 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\tStatus: error",
    )
    [found] = diagnose(looked(deployed))
    assert (found.fault, found.cause) == (Fault.ACCESS_DENIED, "missing_statement")
    document = {"Version": "2012-10-17", "Statement": [found.fix.statement]}
    boto3.client("iam", REGION).put_role_policy(
        RoleName=NAME, PolicyName="permissions", PolicyDocument=json.dumps(document)
    )
    assert diagnose(looked(deployed)) == []
