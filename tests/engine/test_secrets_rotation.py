"""Secrets Manager calls a rotation's function: four steps, again when one fails, and when the schedule says so."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from scripts.local_engine import Engine
from tests.engine.denials import denied
from tests.engine.functions import LOGGING, Functions
from tests.engine.hooks import hook
from tests.engine.waiting import DAY, until

type Clients = Callable[[str], Any]

STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]
ATTEMPTS = 5
DAYS = {"AutomaticallyAfterDays": 1000}
# Fails at the step that the secret's description names.
ROTATION = """
import os
import sys

sys.path.append(os.environ["LIBRARIES"])
import boto3

def handler(event, context):
    secrets, secret = boto3.client("secretsmanager"), event["SecretId"]
    step, version = event["Step"], event["ClientRequestToken"]
    print("CALLED", step, version)
    described = secrets.describe_secret(SecretId=secret)
    assert described["Description"] != step
    stages = described["VersionIdsToStages"]
    if step == "createSecret":
        new = {"ClientRequestToken": version, "SecretString": version, "VersionStages": ["AWSPENDING"]}
        secrets.put_secret_value(SecretId=secret, **new)
    if step == "testSecret":
        found = secrets.get_secret_value(SecretId=secret, VersionId=version, VersionStage="AWSPENDING")
        print("TESTED", found["SecretString"])
    if step == "finishSecret" and "AWSCURRENT" not in stages[version]:
        current = next(each for each in stages if "AWSCURRENT" in stages[each])
        moved = {"MoveToVersionId": version, "RemoveFromVersionId": current}
        secrets.update_secret_version_stage(SecretId=secret, VersionStage="AWSCURRENT", **moved)
"""


@dataclass
class Rotated:
    """A secret whose value is "one", and the function that may rotate it."""

    secrets: Any
    name: str
    arn: str
    function: str
    alias: str
    log: Callable[[str], list[str]]

    def rotate(self, **settings: Any) -> str:
        """Configure the rotation; return the version that it began, if it did."""
        asked = {"RotationLambdaARN": self.alias, "RotationRules": DAYS, **settings}
        return str(self.secrets.rotate_secret(SecretId=self.name, **asked).get("VersionId", ""))

    def called(self, version: str = "") -> list[str]:
        """Return the steps that the function was called for."""
        return [line.split()[1] for line in self.log(self.function) if line.startswith("CALLED") and version in line]

    def break_at(self, step: str) -> None:
        """Let the function fail at a step, at none for any other word."""
        self.secrets.update_secret(SecretId=self.name, Description=step)

    @property
    def value(self) -> str:
        """What is current."""
        return str(self.secrets.get_secret_value(SecretId=self.name)["SecretString"])

    @property
    def described(self) -> dict[str, Any]:
        """What Secrets Manager says of it."""
        return dict(self.secrets.describe_secret(SecretId=self.name))

    def stages(self) -> dict[str, list[str]]:
        """Return the stages of each version."""
        return dict(self.described["VersionIdsToStages"])


@pytest.fixture
def rotated(client: Clients, functions: Functions, make_role: Callable[..., str], name: str) -> Iterator[Rotated]:
    secrets = client("secretsmanager")
    arn = secrets.create_secret(Name=name, SecretString="one", Description="works")["ARN"]
    actions = [f"secretsmanager:{each}" for each in ("DescribeSecret", "GetSecretValue", "PutSecretValue")]
    keeping = {"Action": [*actions, "secretsmanager:UpdateSecretVersionStage"], "Resource": arn}
    libraries = {"LIBRARIES": str(Path(boto3.__file__).parents[1])}
    function = functions.make(ROTATION, variables=libraries, Role=make_role(LOGGING, keeping))
    client("logs").create_log_group(logGroupName=f"/aws/lambda/{function}")
    alias = functions.alias(function)
    permit(client, function)
    yield Rotated(secrets, name, arn, function, alias, functions.log)
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


@pytest.fixture
def told(client: Clients, rotated: Rotated, hear: Callable[..., Any]) -> Iterator[Callable[[], list[str]]]:
    """Return a function that returns the names of the events about the secret since it was last asked, in order."""
    name = rotated.name
    pattern = {
        "source": ["aws.secretsmanager"],
        "detail-type": ["AWS Service Event via CloudTrail"],
        "detail": {"eventType": ["AwsServiceEvent"], "additionalEventData": {"SecretId": [rotated.arn]}},
    }
    heard = hear(pattern)
    client("s3").create_bucket(Bucket=name)
    client("cloudtrail").create_trail(Name=name, S3BucketName=name)
    client("cloudtrail").start_logging(Name=name)
    yield lambda: [event["detail"]["eventName"] for event in heard()]
    client("cloudtrail").delete_trail(Name=name)


def permit(client: Clients, function: str, account: str = "000000000000") -> None:
    client("lambda").add_permission(
        FunctionName=function,
        Qualifier="live",
        StatementId="rotate",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
        SourceAccount=account,
    )


def refusal(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_rotation_calls_its_function_step_by_step(rotated: Rotated) -> None:
    token = str(uuid4())
    assert rotated.rotate(ClientRequestToken=token) == token
    until(lambda: rotated.value == token)
    until(lambda: "LastRotatedDate" in rotated.described)
    assert rotated.called(token) == STEPS
    assert "AWSCURRENT" in rotated.stages()[token]
    before = rotated.secrets.get_secret_value(SecretId=rotated.name, VersionStage="AWSPREVIOUS")
    assert before["SecretString"] == "one"
    second = rotated.rotate()
    until(lambda: rotated.value == second)
    before = rotated.secrets.get_secret_value(SecretId=rotated.name, VersionStage="AWSPREVIOUS")
    assert before["SecretString"] == token


def test_the_version_is_listed_before_it_has_a_value(rotated: Rotated) -> None:
    rotated.break_at("createSecret")
    version = rotated.rotate()
    assert rotated.stages()[version] == ["AWSPENDING"]
    for asked in ({"VersionId": version}, {"VersionStage": "AWSPENDING"}):
        found = refusal(rotated.secrets.get_secret_value, SecretId=rotated.name, **asked)
        assert found[0] == "ResourceNotFoundException"


def test_a_step_that_fails_is_the_last_and_all_are_tried_again(rotated: Rotated) -> None:
    rotated.break_at("testSecret")
    version = rotated.rotate()
    until(lambda: len(rotated.called()) >= 3 * ATTEMPTS)
    assert rotated.called(version) == STEPS[:3] * ATTEMPTS
    assert rotated.stages()[version] == ["AWSPENDING"]
    assert rotated.value == "one"


def test_a_rotation_that_was_not_finished_is_tried_again_instead_of_another(rotated: Rotated) -> None:
    rotated.break_at("setSecret")
    version = rotated.rotate()
    until(lambda: len(rotated.called()) >= 2 * ATTEMPTS)
    rotated.break_at("nowhere")
    code, sentence = refusal(rotated.rotate)
    assert (code, sentence.partition(".")[0]) == ("InvalidRequestException", "A previous rotation isn't complete")
    until(lambda: rotated.value == version)
    assert set(rotated.called()) == set(rotated.called(version))


def test_a_rotation_that_was_not_finished_is_tried_again_the_next_day(rotated: Rotated) -> None:
    rotated.break_at("setSecret")
    version = rotated.rotate()
    until(lambda: len(rotated.called()) >= 2 * ATTEMPTS)
    rotated.break_at("nowhere")
    until(lambda: rotated.value == version, 5 * DAY)


def test_a_new_value_ends_a_rotation_that_was_not_finished(rotated: Rotated, told: Callable[[], list[str]]) -> None:
    rotated.break_at("setSecret")
    stuck = rotated.rotate()
    until(lambda: len(rotated.called()) >= 2 * ATTEMPTS)
    rotated.secrets.put_secret_value(SecretId=rotated.name, SecretString="by hand")
    assert stuck not in rotated.stages()
    rotated.break_at("nowhere")
    version = rotated.rotate()
    until(lambda: rotated.value == version)
    names: list[str] = []
    until(lambda: names.extend(told()) or names[-1:] == ["RotationSucceeded"])
    failed = ["RotationStarted", "RotationFailed"] * ATTEMPTS
    assert names == [*failed, "RotationAbandoned", "RotationStarted", "RotationSucceeded"]


def test_a_rotation_that_waits_is_tested_on_a_copy(rotated: Rotated, told: Callable[[], list[str]]) -> None:
    versions = rotated.stages()
    assert not rotated.rotate(RotateImmediately=False)
    names: list[str] = []
    until(lambda: names.extend(told()) or len(names) == 2)
    assert names == ["TestRotationStarted", "TestRotationSucceeded"]
    assert rotated.called() == ["testSecret"]
    assert any(line.startswith("TESTED one") for line in rotated.log(rotated.function))
    assert rotated.stages() == versions
    assert rotated.described["RotationEnabled"]
    rotated.break_at("testSecret")
    rotated.rotate(RotateImmediately=False)
    until(lambda: names.extend(told()) or len(names) == 4)
    assert names[2:] == ["TestRotationStarted", "TestRotationFailed"]
    assert rotated.stages() == versions


def test_a_schedule_rotates_by_itself_until_it_is_cancelled(rotated: Rotated) -> None:
    rotated.rotate(RotationRules={"AutomaticallyAfterDays": 2}, RotateImmediately=False)
    assert not rotated.described.get("LastRotatedDate")
    started = time.monotonic()
    first = until(lambda: rotated.value != "one" and rotated.value)
    assert time.monotonic() - started > DAY
    until(lambda: rotated.value != first)
    rotated.secrets.cancel_rotate_secret(SecretId=rotated.name)
    assert not rotated.described["RotationEnabled"]
    assert "NextRotationDate" not in rotated.described
    time.sleep(1)  # for what was under way
    last = rotated.value
    time.sleep(4 * DAY)
    assert rotated.value == last


def test_a_new_value_counts_as_a_rotation(rotated: Rotated) -> None:
    rotated.rotate(RotationRules={"ScheduleExpression": "rate(4 days)"}, RotateImmediately=False)
    time.sleep(3 * DAY)
    rotated.secrets.put_secret_value(SecretId=rotated.name, SecretString="by hand")
    time.sleep(2 * DAY)
    assert rotated.value == "by hand"
    until(lambda: rotated.value != "by hand")


def test_the_next_rotation_is_told(rotated: Rotated) -> None:
    rotated.rotate(RotateImmediately=False)
    later = rotated.described["NextRotationDate"] - datetime.now(UTC)
    assert abs(later.total_seconds() - 1000 * DAY) < 10
    until(rotated.called)
    midnight = {"ScheduleExpression": "cron(0 0 1 1 ? *)", "Duration": "3h"}
    until(lambda: not refused(rotated, RotationRules=midnight))
    assert f"{rotated.described['NextRotationDate'].astimezone(UTC):%m-%d %H:%M}" == "01-01 00:00"


def refused(rotated: Rotated, **settings: Any) -> bool:
    try:
        rotated.rotate(RotateImmediately=False, **settings)
    except ClientError:
        return True
    return False


def test_what_cannot_be_rotated(rotated: Rotated, client: Clients, functions: Functions) -> None:
    assert refusal(rotated.secrets.rotate_secret, SecretId=rotated.name)[0] == "InvalidRequestException"
    other = functions.alias(functions.make(ROTATION))
    assert refusal(rotated.rotate, RotationLambdaARN=other)[0] == "AccessDeniedException"
    permit(client, other.split(":")[6], "000000000009")
    assert refusal(rotated.rotate, RotationLambdaARN=other)[0] == "AccessDeniedException"
    for rules in (
        {"AutomaticallyAfterDays": 1001},
        {"AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(1 day)"},
        {"ScheduleExpression": "rate(3 hours)"},
        {"ScheduleExpression": "rate(300 minutes)"},
        {"ScheduleExpression": "cron(5 0 * * ? *)"},
        {"ScheduleExpression": "whenever"},
    ):
        assert refusal(rotated.rotate, RotationRules=rules)[0] == "InvalidParameterException", rules
    assert not rotated.described["RotationEnabled"]
    assert rotated.called() == []


def test_who_rotates_may_call_the_function(rotated: Rotated, as_role: Callable[..., Clients]) -> None:
    rotating = {"Action": "secretsmanager:RotateSecret", "Resource": rotated.arn}
    calling = {"Action": "lambda:InvokeFunction", "Resource": rotated.alias}
    asked = {"SecretId": rotated.name, "RotationLambdaARN": rotated.alias, "RotationRules": DAYS}
    assert "lambda:InvokeFunction" in denied(as_role(rotating)("secretsmanager").rotate_secret, **asked)
    version = as_role(rotating, calling)("secretsmanager").rotate_secret(**asked)["VersionId"]
    until(lambda: rotated.value == version)
    assert "lambda:InvokeFunction" in denied(as_role(rotating)("secretsmanager").rotate_secret, SecretId=rotated.name)


def test_a_value_is_as_old_as_a_test_says(rotated: Rotated, engine: Engine) -> None:
    hook(engine, "secrets", arn=rotated.arn, since="2026-01-01T00:00:00Z")
    [version] = rotated.secrets.list_secret_version_ids(SecretId=rotated.name)["Versions"]
    assert version["CreatedDate"] == datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(HTTPError, match="404"):
        hook(engine, "secrets", arn="nobody's", since="2026-01-01T00:00:00Z")
