"""LoadChunk's batches: what a table does not take is sent again, as long as there is time."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from etl_pipeline.adapters import records
from etl_pipeline.domain.errors import UnprocessedItems
from etl_pipeline.handlers import load_chunk
from shared.backoff import LONGEST_SECONDS, full_jitter
from shared.clients import client
from tests.support.functions import Context
from tests.unit.etl_pipeline.pipeline import RECORDS, Pipeline

LINES = [
    f'{{"PutRequest":{{"Item":{{"record_key":{{"S":"people#{number}"}},"n":{{"N":"{number}"}}}}}}}}'
    for number in range(60)
]


class BusyTable:
    """A table that answers as it is told to, and then takes everything."""

    def __init__(self, *answers: int | Exception) -> None:
        self._answers = iter(answers)
        self.sent: list[list[str]] = []

    def batch_write_item(self, RequestItems: dict[str, Any], RenderedBody: bytes) -> dict[str, Any]:  # noqa: N803
        assert RequestItems == {}
        requests = json.loads(RenderedBody)["RequestItems"][RECORDS]
        self.sent.append([request["PutRequest"]["Item"]["record_key"]["S"] for request in requests])
        answer = next(self._answers, 0)
        if isinstance(answer, Exception):
            raise answer
        return {"UnprocessedItems": {RECORDS: requests[:answer]} if answer else {}}


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "BatchWriteItem")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr(records.time, "sleep", waited.append)
    return waited


def load_into(table: BusyTable, monkeypatch: pytest.MonkeyPatch, waits: list[float], seconds: float = 60) -> int:
    monkeypatch.setattr(records, "_client", lambda: table)
    return records.load(RECORDS, LINES, lambda: seconds, waits.append)


def test_items_go_in_batches_of_25(monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> None:
    table = BusyTable()
    assert load_into(table, monkeypatch, waits) == 60
    assert [len(batch) for batch in table.sent] == [25, 25, 10]
    assert waits == []


def test_only_what_was_not_processed_is_sent_again(monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> None:
    table = BusyTable(3, 1)
    assert load_into(table, monkeypatch, waits) == 60
    assert [len(batch) for batch in table.sent] == [25, 3, 1, 25, 10]
    assert table.sent[2] == ["people#0"]
    assert len(waits) == 2


@pytest.mark.parametrize(
    "code",
    ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded", "InternalServerError"],
)
def test_a_batch_that_meets_a_passing_fault_is_sent_again_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, waits: list[float], code: str
) -> None:
    table = BusyTable(refusal(code))
    assert load_into(table, monkeypatch, waits) == 60
    assert [len(batch) for batch in table.sent] == [25, 25, 25, 10]


def test_a_refusal_that_will_not_pass_is_raised(monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        load_into(BusyTable(refusal("ResourceNotFoundException")), monkeypatch, waits)
    assert waits == []


def test_without_time_left_the_load_fails_by_name_instead_of_being_killed(
    monkeypatch: pytest.MonkeyPatch,
    waits: list[float],
) -> None:
    with pytest.raises(UnprocessedItems, match="records left 2 of 25 items after 25 were loaded"):
        load_into(BusyTable(0, 2), monkeypatch, waits, seconds=4)


def test_delays_double_up_to_five_seconds_and_are_spread_evenly() -> None:
    longest = full_jitter(lambda: 1.0)
    assert [next(longest) for _ in range(9)] == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, LONGEST_SECONDS, LONGEST_SECONDS]
    assert next(full_jitter(lambda: 0.0)) == 0


def test_line_breaks_of_unicode_do_not_break_staged_lines(pipeline: Pipeline) -> None:
    pipeline.run(pipeline.upload("incoming/people/a.csv", "id,name,paid,born\n1,A\u2028d\x85a,,\n"))
    assert pipeline.records()["people#1"]["name"] == {"S": "A\u2028d\x85a"}


def test_loading_a_chunk_twice_changes_nothing(pipeline: Pipeline) -> None:
    run = pipeline.parse(pipeline.upload("incoming/people/a.csv", "id,name,paid,born\n1,Ada,,\n"))
    client("s3").put_object(
        Bucket=run["bucket"], Key="runs/run-1/staged/00000.jsonl", Body="\n".join([*LINES, ""]).encode()
    )
    counts = {"number": 0, "read": 60, "staged": 60, "rejected": 0}
    for _ in range(2):
        assert load_chunk.handler({"run": run, "counts": counts}, Context()) == {}
    assert len(pipeline.records()) == 60
    assert json.loads(pipeline.read("runs/run-1/results/00000.json")) == counts | {"loaded": 60}
