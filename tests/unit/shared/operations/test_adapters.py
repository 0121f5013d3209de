"""The core's ledger, memory and files on moto's AWS, which reads the expressions; EC2's refusals in our words."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto import mock_aws

from shared.clients import client
from shared.configuration import BadConfiguration
from shared.faults import TransientFailure
from shared.operations.acting import Claim, Skip, Status, Vanished
from shared.operations.adapters import clock, ec2, memory, rules, runs
from shared.operations.adapters.ledger import SETTLING_SECONDS, Ledger
from shared.operations.adapters.memory import Memory
from shared.operations.adapters.plans import Files, read_page
from shared.operations.plan import Item, Plan
from tests.support.functions import ENVIRONMENT

ITEM = Item("vol-1", "DELETE", "old", 10)
START = datetime(2026, 11, 23, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """A clock that stands still, in an account with a table, a bucket and a parameter."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    turned = Clock()
    monkeypatch.setattr(clock, "now", turned)
    with mock_aws():
        keys = {"run_id": "HASH", "resource_id": "RANGE"}
        client("dynamodb").create_table(
            TableName="ledger",
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            BillingMode="PAY_PER_REQUEST",
        )
        client("s3").create_bucket(Bucket="bucket")
        yield turned


def ledger(seconds: float = 100) -> Ledger:
    return Ledger("ledger", "run-1", clock.now().timestamp() + seconds)


def test_an_item_is_one_attempt_s_until_lambda_must_have_ended_it(time: Clock) -> None:
    assert ledger().claim(ITEM) == Claim(mine=True)
    assert ledger().claim(ITEM) == Claim(mine=False, held_seconds=100 + SETTLING_SECONDS)
    time.forward(100 + SETTLING_SECONDS - 1)
    assert ledger().claim(ITEM).held_seconds == 1
    time.forward(1)
    assert ledger().claim(ITEM) == Claim(mine=True, again=True)


@pytest.mark.usefixtures("time")
def test_an_item_that_was_not_begun_is_free_at_once() -> None:
    ledger().claim(ITEM)
    ledger().release(ITEM, begun=False)
    assert ledger().claim(ITEM) == Claim(mine=True)


def test_an_item_that_was_begun_is_free_when_ec2_shows_what_was_done(time: Clock) -> None:
    ledger().claim(ITEM)
    ledger().release(ITEM, begun=True)
    assert ledger().claim(ITEM).held_seconds == SETTLING_SECONDS
    time.forward(SETTLING_SECONDS)
    assert ledger().claim(ITEM) == Claim(mine=True, again=True)


@pytest.mark.usefixtures("time")
@pytest.mark.parametrize("status", [Status.DONE, Status.SKIPPED, Status.FAILED])
def test_a_settled_item_is_passed_over_for_ever_and_read_back(status: Status) -> None:
    ledger().claim(ITEM)
    ledger().settle(ITEM, status, "because", {"snapshot_id": "snap-1"})
    assert ledger().claim(ITEM) == Claim(mine=False)
    found = ledger().outcome("vol-1")
    assert found is not None
    assert (found.status, found.reason, found.facts) == (status, "because", {"snapshot_id": "snap-1"})
    assert ledger().outcomes() == {"vol-1": found}
    assert ledger().outcome("vol-2") is None
    assert Ledger("ledger", "run-1/snapshots").outcomes() == {}


@pytest.mark.usefixtures("time")
def test_what_is_remembered_outlives_runs_and_is_forgotten_on_request() -> None:
    seen = Memory("ledger", "seen")
    texts = {f"vol-{number}": str(number) for number in range(60)}
    seen.write(texts)
    assert seen.everything() == texts
    seen.forget(texts.keys() - {"vol-7"})
    assert seen.everything() == {"vol-7": "7"}


def test_a_table_that_takes_nothing_is_a_fault_that_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def batch_write_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803  # botocore's name
            return {"UnprocessedItems": RequestItems}

    monkeypatch.setattr(memory, "client", lambda _service: Full())
    monkeypatch.setattr(memory.time, "sleep", lambda _seconds: None)
    with pytest.raises(TransientFailure, match="left 1 of 1"):
        Memory("ledger", "seen").write({"vol-1": "x"})


@pytest.mark.usefixtures("time")
def test_a_run_s_files_hold_its_plan_as_a_whole_and_by_page() -> None:
    files = Files("bucket", "run-1")
    plan = Plan("run-1", "cleanup", 120, {"dry_run": False}, tuple(Item(f"r-{n}", "DELETE", "") for n in range(120)))
    assert files.write_plan(plan) == 3
    assert files.plan() == plan
    assert [read_page("bucket", f"plans/run-1/{number}.json").number for number in range(3)] == [0, 1, 2]
    assert Files("bucket", "run-2").write_plan(plan, to_act=False) == 0
    with pytest.raises(client("s3").exceptions.NoSuchKey):
        read_page("bucket", "plans/run-2/0.json")


@pytest.mark.usefixtures("time")
@pytest.mark.parametrize("text", ["{", "[]", "7"])
def test_settings_that_are_none_are_named(text: str) -> None:
    client("ssm").put_parameter(Name="/settings", Value=text, Type="String")
    with pytest.raises(BadConfiguration, match="/settings"):
        rules.read_rules("/settings")


@pytest.mark.parametrize(
    ("settings", "dry"),
    [({}, True), ({"dry_run": True}, True), ({"dry_run": "false"}, True), ({"dry_run": False}, False)],
)
def test_a_run_is_dry_unless_the_settings_say_false(settings: dict[str, Any], dry: bool) -> None:
    assert rules.is_dry_run(settings) is dry


@pytest.mark.usefixtures("time")
def test_a_workflow_runs_once_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    running = {"execution-1"}
    monkeypatch.setattr(runs, "is_running", running.__contains__)
    for execution in ("execution-1", "execution-1"):
        runs.begin("ledger", execution)
    with pytest.raises(runs.AnotherRun, match="execution-1"):
        runs.begin("ledger", "execution-2")
    running.clear()
    runs.begin("ledger", "execution-2")


def refusal(code: str, status: int = 400) -> ClientError:
    metadata = {"HTTPStatusCode": status, "MaxAttemptsReached": True}
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": metadata}
    return ClientError(answer, "Operation")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("InvalidVolume.NotFound", Vanished),
        ("InvalidInstanceID.NotFound", Vanished),
        ("VolumeInUse", Skip),
        ("IncorrectState", Skip),
        ("SnapshotCreationPerVolumeRateExceeded", TransientFailure),
        ("UnauthorizedOperation", ClientError),
    ],
)
def test_ec2_s_refusals_are_put_into_our_words(code: str, error: type[Exception]) -> None:
    with pytest.raises(error), ec2.asked():
        raise refusal(code)


class Maker:
    """EC2, which answers with what it is told to."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.calls = list(answers), 0

    def create_snapshot(self, **_: Any) -> Any:
        self.calls += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Any:
    def made(*answers: Any) -> Maker:
        maker = Maker(*answers)
        monkeypatch.setattr(ec2, "client", lambda _service, *, once, **_: maker if once else None)
        monkeypatch.setattr(ec2.time, "sleep", lambda _seconds: None)
        return maker

    return made


def test_throttling_alone_is_tried_again_as_nothing_was_made(make: Any) -> None:
    maker = make(refusal("RequestLimitExceeded", 503), refusal("Throttling"), {"SnapshotId": "snap-1"})
    assert ec2.make("create_snapshot", VolumeId="vol-1") == {"SnapshotId": "snap-1"}
    assert maker.calls == 3


@pytest.mark.parametrize(
    ("trouble", "passing"),
    [
        (refusal("InternalError", 500), True),
        (ReadTimeoutError(endpoint_url=""), True),
        (refusal("UnauthorizedOperation", 403), False),
    ],
)
def test_whatever_may_have_been_done_is_not_done_again(make: Any, trouble: Exception, passing: bool) -> None:
    maker = make(trouble)
    with pytest.raises(type(trouble)) as raised:
        ec2.make("create_snapshot", VolumeId="vol-1")
    assert (maker.calls, ec2.passes(raised.value)) == (1, passing)


def test_endless_throttling_passes_by_itself_one_day(make: Any) -> None:
    make(*[refusal("RequestLimitExceeded")] * 8)
    with pytest.raises(TransientFailure):
        ec2.make("create_snapshot", VolumeId="vol-1")
