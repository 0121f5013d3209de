"""The function that keeps a secret: Secrets Manager's steps on Secrets Manager's API, and a measure of its age."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from botocore.stub import Stubber

from shared.clients import client
from shared.rotation import handler as kept
from shared.rotation.adapters.versions import SecretVersions, current_since
from shared.rotation.errors import NotMade, NotPending, UnknownStep, Unusable
from shared.rotation.handler import rotation_handler
from tests.support import functions
from tests.support.functions import Context
from tests.unit.shared.rotation.aws import STEPS, TOKEN, list_next, new_secret, stages, value
from tests.unit.shared.rotation.secret import Values


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, setting in functions.ENVIRONMENT.items():
        monkeypatch.setenv(name, setting)
    with new_secret("a/secret") as arn:
        yield arn


@pytest.fixture
def values() -> Values:
    return Values()


def call(values: Values, secret: str, *steps: str) -> None:
    handler = rotation_handler(lambda: values)
    for step in steps:
        assert handler({"SecretId": secret, "ClientRequestToken": TOKEN, "Step": step}, Context()) == {}


def test_the_first_value_is_made_once(secret: str, values: Values) -> None:
    call(values, secret, "begin", "begin")
    assert value(secret) == "value-1"
    assert stages(secret) == [["AWSCURRENT"]]


def test_four_steps_replace_the_value(secret: str, values: Values) -> None:
    call(values, secret, "begin")
    list_next(secret)
    call(values, secret, *STEPS[:3])
    assert value(secret) == "value-1"
    call(values, secret, "finishSecret")
    assert value(secret) == f"value-2 after value-1 for {TOKEN}"
    assert value(secret, "AWSPREVIOUS") == "value-1"
    assert sorted(stages(secret)) == [["AWSCURRENT"], ["AWSPREVIOUS"]]


def test_every_step_may_be_repeated(secret: str, values: Values) -> None:
    call(values, secret, "begin")
    list_next(secret)
    call(values, secret, "createSecret", "createSecret")
    pending = value(secret, "AWSPENDING")
    call(values, secret, "testSecret", "finishSecret", "finishSecret", *STEPS)
    assert value(secret) == pending
    assert values.issued == 2


def test_who_makes_a_version_second_leaves_it_to_the_first(secret: str) -> None:
    with Stubber(client("secretsmanager")) as refusing:
        refusing.add_client_error("put_secret_value", "ResourceExistsException")
        SecretVersions(secret).put(TOKEN, "other", "AWSPENDING")
        refusing.assert_no_pending_responses()


def test_a_value_that_is_no_good_leaves_no_rotation_behind(secret: str, values: Values) -> None:
    call(values, secret, "begin")
    list_next(secret)
    values.bad = TOKEN
    with pytest.raises(Unusable):
        call(values, secret, "createSecret", "testSecret")
    assert stages(secret).count(["AWSPENDING"]) == 0
    with pytest.raises(NotPending):
        call(values, secret, "createSecret")


def test_a_version_that_is_only_listed_is_not_tested(secret: str, values: Values) -> None:
    call(values, secret, "begin")
    list_next(secret)
    with pytest.raises(NotMade):
        call(values, secret, "testSecret")


def test_an_unknown_step_is_refused(secret: str, values: Values) -> None:
    with pytest.raises(UnknownStep):
        call(values, secret, "sellSecret")


def test_the_age_is_measured_without_reading_a_value(
    secret: str, values: Values, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call(values, secret, "begin")
    since = current_since(secret)
    assert since
    assert datetime.now(UTC) - since < timedelta(minutes=1)
    monkeypatch.setattr(kept, "current_since", lambda _secret: datetime.now(UTC) - timedelta(days=36, hours=12))
    capsys.readouterr()
    call(values, secret, "measureAge")
    [metric] = map(json.loads, capsys.readouterr().out.splitlines())
    assert metric["secret"] == "a/secret"
    assert 36.4 < metric["SecretAgeDays"][0] < 36.6
    assert metric["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["secret", "service"]]


def test_without_a_value_there_is_no_age(
    secret: str, values: Values, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    call(values, secret, "measureAge")
    assert "nobody has put a value" in caplog.text
    assert not capsys.readouterr().out


def test_no_value_is_told(secret: str, values: Values, caplog: pytest.LogCaptureFixture) -> None:
    call(values, secret, "begin")
    list_next(secret)
    values.bad = TOKEN
    with pytest.raises(Unusable):
        call(values, secret, "createSecret", "testSecret")
    told = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert secret in told
    assert "value-" not in told
