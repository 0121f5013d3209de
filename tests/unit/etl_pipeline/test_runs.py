"""Whole runs: what an uploaded file becomes, and how each broken one fails."""

import csv
import gzip
import io
import json
from functools import partial
from typing import Any

import pytest

from etl_pipeline.domain import errors
from shared.clients import client
from tests.unit.etl_pipeline.pipeline import PEOPLE, Pipeline

# The same bytes each time: parallel runs compare the tests that they have collected, and bodies are part of the names.
compressed = partial(gzip.compress, mtime=0)

HEADER = "id,name,paid,born\n"
PEOPLE_CSV = HEADER + "1,Ada,12.50,10.12.1815\n2,Grace,NA,09.12.1906\n3,Edsger,0.1,11.05.1930\n"


def test_a_csv_file_becomes_records_of_its_contracts_types(pipeline: Pipeline) -> None:
    report = pipeline.run(pipeline.upload("incoming/people/today.csv", PEOPLE_CSV))

    assert report["rows"] == {"read": 3, "loaded": 3, "rejected": 0}
    assert pipeline.records()["people#1"] == {
        "id": {"N": "1"}, "name": {"S": "Ada"}, "paid": {"N": "12.5"}, "born": {"S": "1815-12-10"},
    }  # fmt: skip
    assert "paid" not in pipeline.records()["people#2"]
    assert pipeline.ledger()[0]["status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(("a.csv", b"\xef\xbb\xbf" + PEOPLE_CSV.encode()), id="with a byte order mark"),
        pytest.param(("a.csv", PEOPLE_CSV.replace("\n", "\r\n").encode()), id="with Windows line breaks"),
        pytest.param(("a.csv", PEOPLE_CSV.rstrip().encode()), id="without a last line break"),
        pytest.param(("a.CSV.GZ", compressed(PEOPLE_CSV.encode())), id="compressed"),
        pytest.param(
            ("a.csv.gz", compressed(PEOPLE_CSV[:40].encode()) + compressed(PEOPLE_CSV[40:].encode()) + b"\0\0"),
            id="compressed in two members, padded",
        ),
        pytest.param(("deep/er/a.csv", PEOPLE_CSV.encode()), id="in a folder"),
    ],
)
def test_the_same_rows_are_loaded_from_a_file(pipeline: Pipeline, file: tuple[str, bytes]) -> None:
    name, body = file
    assert pipeline.run(pipeline.upload(f"incoming/people/{name}", body))["rows"]["loaded"] == 3
    assert set(pipeline.records()) == {"people#1", "people#2", "people#3"}


def test_json_lines_keep_the_digits_of_their_numbers(pipeline: Pipeline) -> None:
    lines = [
        '{"id": 1, "name": "Ada", "paid": 12345678901234567890.12345678}',
        "",
        '{"id": 2, "name": "Grace", "paid": null}',
        '{"id": 3, "name": "Edsger", "paid": [1]}',
        '{"id": 4, "name": "Alan", "shoe": 44}',
        '{"id": 5, "name": true}',
        "[]",
        '{"id": 6',
    ]
    pipeline.agree("people", PEOPLE | {"max_rejected_percent": 60})
    report = pipeline.run(pipeline.upload("incoming/people/today.jsonl", "\n".join(lines)))

    assert report["rows"] == {"read": 7, "loaded": 3, "rejected": 4}
    assert pipeline.records()["people#1"]["paid"] == {"N": "12345678901234567890.12345678"}
    assert [row["row"] for row in report["preview"]] == [3, 4, 6, 7]
    assert [row["reason"] for row in report["preview"]][:3] == [
        "is not a single value", "is not a column of the contract", "is not a JSON object",
    ]  # fmt: skip


def test_a_bad_row_is_rejected_with_its_number_column_and_reason_and_the_rest_goes_on(pipeline: Pipeline) -> None:
    rows = ["1,Ada,,", "2,,,", "x,Grace,,", "4,Alan,12;5,", "5,Tony,,1.13.1934", "6,Too,many,,fields", "7,Barbara,,"]
    pipeline.agree("people", PEOPLE | {"max_rejected_percent": 80})
    report = pipeline.run(pipeline.upload("incoming/people/today.csv", HEADER + "\n".join(rows)))

    assert report["rows"] == {"read": 7, "loaded": 2, "rejected": 5}
    assert report["preview"] == [
        {"row": 2, "column": "name", "reason": "is required", "value": ""},
        {"row": 3, "column": "id", "reason": "is not a valid integer", "value": "x"},
        {"row": 4, "column": "paid", "reason": "is not a valid decimal", "value": "12;5"},
        {"row": 5, "column": "born", "reason": "is not a valid date", "value": "1.13.1934"},
        {"row": 6, "column": "", "reason": "has 5 fields instead of 4", "value": "6,Too,many,,fields"},
    ]
    assert list(csv.DictReader(io.StringIO(pipeline.read("reports/people/run-1/rejects.csv").decode()))) == [
        {name: str(value) for name, value in row.items()} for row in report["preview"]
    ]


def test_the_report_holds_all_rejected_rows_and_the_preview_only_ten(pipeline: Pipeline) -> None:
    rows = [f"{n},{'' if n % 2 else 'Ada'},," for n in range(1, 61)]
    report = pipeline.run(pipeline.upload("incoming/people/today.csv", HEADER + "\n".join(rows)))

    assert len(report["preview"]) == 10
    written = list(csv.DictReader(io.StringIO(pipeline.read("reports/people/run-1/rejects.csv").decode())))
    assert [int(row["row"]) for row in written] == list(range(1, 61, 2))
    assert json.loads(pipeline.read("reports/people/run-1/run.json")) == report


def test_a_300_kb_field_is_one_rejected_row(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHUNK_BYTES", "65536")
    report = pipeline.run(pipeline.upload("incoming/people/today.csv", f"{HEADER}1,Ada,,\n2,{'x' * 300_000},,\n"))

    assert report["rows"] == {"read": 2, "loaded": 1, "rejected": 1}
    assert report["preview"][0]["reason"] == "is longer than 64 bytes"
    assert len(report["preview"][0]["value"]) == 101


def test_a_field_a_little_longer_than_a_record_may_be_is_at_most_one_rejected_row(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHUNK_BYTES", "4000000")
    monkeypatch.setenv("MAX_OBJECT_BYTES", "9000000")
    body = f"{HEADER}1,Ada,,\n2,{'x' * ((1 << 20) + 9)},,\n"
    assert pipeline.run(pipeline.upload("incoming/people/today.csv", body))["rows"]["rejected"] == 1


def test_of_a_key_that_occurs_twice_in_a_chunk_the_first_row_stays(pipeline: Pipeline) -> None:
    report = pipeline.run(pipeline.upload("incoming/people/today.csv", f"{HEADER}1,Ada,,\n2,Grace,,\n1,Eve,,\n"))

    assert report["preview"] == [{"row": 3, "column": "", "reason": "repeats the key of row 1", "value": "people#1"}]
    assert pipeline.records()["people#1"]["name"] == {"S": "Ada"}


def test_of_a_key_that_occurs_in_several_chunks_the_first_row_stays_though_another_was_loaded_last(
    pipeline: Pipeline,
) -> None:
    rows = [f"{n},{'first' if n == 7 else 'other'}-{n:020},," for n in range(1, 9)]
    again = [f"7,second-{0:020},,", f"9,other-{0:020},,", f"9,other-{0:020},,", f"7,third-{0:020},,"]
    report = pipeline.run(pipeline.upload("incoming/people/today.csv", HEADER + "\n".join(rows + again)))

    assert report["rows"] == {"read": 12, "loaded": 9, "rejected": 3}
    assert [(row["row"], row["reason"]) for row in report["preview"]] == [
        (9, "repeats the key of row 7"), (11, "repeats the key of row 10"), (12, "repeats the key of row 7"),
    ]  # fmt: skip
    assert pipeline.records()["people#7"]["name"]["S"].startswith("first")


def test_a_header_alone_is_a_run_of_zero_rows(pipeline: Pipeline) -> None:
    report = pipeline.run(pipeline.upload("incoming/people/today.csv", HEADER))

    assert report["rows"] == {"read": 0, "loaded": 0, "rejected": 0}
    assert pipeline.ledger()[0]["status"] == "SUCCEEDED"


def test_quoted_line_breaks_and_quotes_survive_any_cut(pipeline: Pipeline) -> None:
    name = 'says "hi",\r\nthen leaves\n'
    rows = "".join(f'{n},"{name.replace(chr(34), chr(34) * 2)}",,\n' for n in range(20))
    report = pipeline.run(pipeline.upload("incoming/people/today.csv", HEADER + rows))

    assert report["rows"]["loaded"] == 20
    assert {item["name"]["S"] for item in pipeline.records().values()} == {name.strip()}


@pytest.mark.parametrize(
    ("error", "key", "body"),
    [
        (errors.EmptyFile, "people/a.csv", b""),
        (errors.EmptyFile, "people/a.csv", b"\xef\xbb\xbf\r\n\n"),
        (errors.EmptyFile, "people/a.csv.gz", compressed(b"")),
        (errors.EmptyFile, "people/a.jsonl", b"\n\n"),
        (errors.UnknownDataset, "nobody/a.csv", b"id\n1\n"),
        (errors.UnknownDataset, "a.csv", b"id\n1\n"),
        (errors.UnknownDataset, "people/", b""),
        (errors.UnknownFormat, "people/a.xlsx", b"PK"),
        (errors.WrongColumns, "people/a.csv", b"id,name,paid\n1,Ada,\n"),
        (errors.WrongColumns, "people/a.csv", b"id,name,paid,born,shoe\n1,Ada,,,\n"),
        (errors.WrongColumns, "people/a.csv", b"id,name,paid,born,id\n1,Ada,,,1\n"),
        (errors.WrongColumns, "people/a.jsonl", b'{"id": 1, "shoe": 44}\n'),
        (errors.WrongColumns, "people/a.jsonl", b"id,name\n"),
        (errors.WrongColumns, "people/a.jsonl", b"[1]\n"),
        (errors.NotText, "people/a.csv", b"PK\x03\x04\x00\x00rubbish"),
        (errors.NotText, "people/a.csv", b"\xff\xfei\0d\0"),
        (errors.NotText, "people/a.csv", HEADER.encode() + b"1,Ren\xe9,,\n"),
        (errors.NotText, "people/a.csv", HEADER.encode() + b"1,Ren\xc3"),
        (errors.NotGzip, "people/a.csv.gz", PEOPLE_CSV.encode()),
        (errors.TruncatedFile, "people/a.csv.gz", compressed(PEOPLE_CSV.encode())[:-12]),
        (errors.TruncatedFile, "people/a.csv.gz", b""),
        (errors.TruncatedFile, "people/a.csv", HEADER.encode() + b'1,"Ada,,\n2,Grace,,\n'),
        (errors.ObjectTooLarge, "people/a.csv", HEADER.encode() + b"\n" * 400_000),
        (errors.ObjectTooLarge, "people/a.csv.gz", compressed(HEADER.encode() + b"\n" * 400_000)),
    ],
)
def test_a_broken_file_fails_with_a_named_error(
    pipeline: Pipeline,
    error: type[Exception],
    key: str,
    body: bytes,
) -> None:
    with pytest.raises(error):
        pipeline.run(pipeline.upload(f"incoming/{key}", body))
    assert pipeline.records() == {}


def test_a_record_that_never_ends_fails_before_it_fills_the_memory(
    pipeline: Pipeline,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHUNK_BYTES", "65536")
    monkeypatch.setenv("MAX_OBJECT_BYTES", "9000000")
    body = f'{HEADER}1,"{"x" * (1 << 20)},,\n2,Grace,,\n'
    with pytest.raises(errors.RecordTooLarge):
        pipeline.run(pipeline.upload("incoming/people/today.csv", body))


def test_more_rejected_rows_than_tolerated_fail_the_run_after_the_reports_are_written(pipeline: Pipeline) -> None:
    event = pipeline.upload("incoming/people/today.csv", HEADER + "1,Ada,,\n2,,,\n3,,,\n")
    with pytest.raises(errors.RejectedShareExceeded, match=r"2 of 3 rows \(66\.67 %\).*50 %.*rejects\.csv"):
        pipeline.run(event)
    assert pipeline.keys("reports/") == ["reports/people/run-1/rejects.csv", "reports/people/run-1/run.json"]
    assert json.loads(pipeline.read("reports/people/run-1/run.json"))["status"] == "FAILED"


@pytest.mark.parametrize(
    "contract",
    [
        "{",
        [],
        {"key": ["id"]},
        PEOPLE | {"key": ["shoe"]},
        PEOPLE | {"columns": {"id": {"type": "money"}}},
        PEOPLE | {"columns": PEOPLE["columns"] | {"record_key": {"type": "string"}}},
    ],
)
def test_a_contract_that_makes_no_sense_fails_by_name(pipeline: Pipeline, contract: Any) -> None:
    pipeline.agree("people", json.dumps(contract) if isinstance(contract, list) else contract)
    with pytest.raises(errors.BadContract):
        pipeline.run(pipeline.upload("incoming/people/today.csv", PEOPLE_CSV))


def test_a_contract_that_changes_during_a_run_counts_from_the_next_one(pipeline: Pipeline) -> None:
    event = pipeline.upload("incoming/people/today.csv", PEOPLE_CSV)
    run = pipeline.parse(event)
    pipeline.agree("people", PEOPLE | {"columns": {"id": {"type": "date"}}})
    pipeline.chunks(run)
    assert pipeline.reconcile(event, run)["rows"]["loaded"] == 3


def test_a_chunk_whose_rows_got_lost_fails_the_run(pipeline: Pipeline) -> None:
    event = pipeline.upload("incoming/people/today.csv", PEOPLE_CSV)
    run = pipeline.parse(event)
    pipeline.chunks(run)
    result = json.loads(pipeline.read("runs/run-1/results/00000.json"))
    client("s3").put_object(
        Bucket=run["bucket"],
        Key="runs/run-1/results/00000.json",
        Body=json.dumps(result | {"loaded": 1}),
    )
    with pytest.raises(errors.CountsDiffer):
        pipeline.reconcile(event, run)
