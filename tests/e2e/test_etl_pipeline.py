"""The ETL pipeline end to end: what users upload, what they get, and every way in which it may go wrong."""

import gzip
import json
import re

import pytest

from scripts import real_data
from scripts.parameters import Parameter
from tests.e2e.pipeline import Pipeline, Run

HEADER = "tailnum,year,type,manufacturer,model,engines,seats,speed,engine\n"
PLANE = {"year": 2001, "type": "Fixed wing", "manufacturer": "AIRBUS", "model": "A320", "engines": 2, "seats": 182}
PLANE |= {"speed": None, "engine": "Turbo-fan"}
PLANES = real_data.planes().read_bytes()


def plane(tailnum: str, year: str = "2001", model: str = "A320") -> str:
    return f"{tailnum},{year},Fixed wing multi engine,AIRBUS,{model},2,182,NA,Turbo-fan\n"


def planes(count: int, prefix: str) -> str:
    """Return the text of a file of `count` good rows."""
    return HEADER + "".join(plane(f"{prefix}{number}") for number in range(count))


@pytest.fixture(scope="module")
def real(pipeline: Pipeline) -> Run:
    """One run over a real file."""
    return pipeline.run("planes", PLANES, "planes.csv")


def test_a_real_file_is_loaded_and_every_row_accounted_for(real: Run) -> None:
    assert real.status == "SUCCEEDED", real.execution.get("cause")
    rows = len(PLANES.splitlines()) - 1
    without_a_year = len(re.findall(rb"^[^,]+,NA,", PLANES, re.MULTILINE))
    assert real.counts == (rows, rows - without_a_year, without_a_year)
    assert real.ledger["status"] == "SUCCEEDED"


def test_loaded_records_have_the_contract_s_types(real: Run) -> None:
    record = real.pipeline.record("planes", "N10156")
    assert record["year"] == {"N": "2004"}
    assert record["manufacturer"] == {"S": "EMBRAER"}
    assert "speed" not in record, "a missing value is no attribute"


def test_rejected_rows_are_reported_with_row_column_and_reason(real: Run) -> None:
    lines = PLANES.decode().splitlines()
    assert len(real.rejects) == real.counts[2]
    for reject in real.rejects:
        assert reject["column"] == "year"
        assert "required" in reject["reason"]
        assert ",NA," in lines[int(reject["row"])], "rows count from 1, below the header"


def test_the_team_is_told_what_happened_and_where_the_reports_are(real: Run) -> None:
    assert real.notification
    read, loaded, rejected = real.counts
    for number in (read, loaded, rejected):
        assert re.search(rf"\b{number:,}\b|\b{number}\b", real.notification.message)
    assert "reports/planes/" in real.notification.message


def test_the_run_report_is_in_the_bucket(real: Run) -> None:
    report = json.loads(real.objects("reports/")["run.json"])
    assert report["rows"]["read"] == real.counts[0]


@pytest.mark.parametrize("copy", [1, 2])
def test_a_redelivered_event_loads_nothing_twice(real: Run, copy: int) -> None:
    again = real.pipeline.start_again(real)
    assert again.status == "SUCCEEDED", copy
    assert "AlreadyLoaded" in again.states
    assert "ProcessChunks" not in again.states


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("rows.csv.gz", gzip.compress(planes(30, "GZ").encode())),
        ("rows.csv", b"\xef\xbb\xbf" + planes(30, "BOM").encode().replace(b"\n", b"\r\n")),
        ("rows.jsonl", "".join(json.dumps(PLANE | {"tailnum": f"JL{n}"}) + "\n" for n in range(30)).encode()),
        ("rows.csv", planes(30, "QUOTED").replace("A320", '"a ""quoted""\nmodel"').encode()),
        ("rows.csv", planes(4000, "MANY").encode()),
    ],
    ids=["gzip", "byte order mark and CRLF", "JSON Lines", "line breaks in quotes", "many chunks"],
)
def test_every_form_of_file_is_loaded_whole(pipeline: Pipeline, name: str, body: bytes) -> None:
    run = pipeline.run("planes", body, name)
    assert run.status == "SUCCEEDED", run.execution.get("cause")
    read, loaded, rejected = run.counts
    assert (loaded, rejected) == (read, 0)
    assert read == (4000 if b"MANY" in body else 30)


def test_a_header_alone_is_a_run_of_no_rows(pipeline: Pipeline) -> None:
    run = pipeline.run("planes", HEADER.encode())
    assert run.status == "SUCCEEDED", run.execution.get("cause")
    assert run.counts == (0, 0, 0)


def test_an_oversized_field_is_one_rejected_row(pipeline: Pipeline) -> None:
    body = planes(30, "BIG") + plane("HUGE", model="x" * 300_000)
    run = pipeline.run("planes", body.encode())
    assert run.status == "SUCCEEDED", run.execution.get("cause")
    assert run.counts == (31, 30, 1)
    assert run.rejects[0]["column"] == "model"
    assert run.rejects[0]["row"] == "31"


@pytest.mark.parametrize("between", [0, 3000], ids=["in one chunk", "in different chunks"])
def test_of_a_key_that_stands_twice_the_first_row_wins(pipeline: Pipeline, between: int) -> None:
    name = f"TW{between % 7}"
    body = HEADER + plane(name, model="first") + planes(between, f"{name}-").removeprefix(HEADER)
    run = pipeline.run(
        "planes", (body + plane(name, model="second") + planes(60, f"{name}x").removeprefix(HEADER)).encode()
    )
    assert run.status == "SUCCEEDED", run.execution.get("cause")
    assert run.counts == (between + 62, between + 61, 1)
    assert run.rejects[0]["row"] == str(between + 2)
    assert pipeline.record("planes", name)["model"] == {"S": "first"}


FAILURES = {
    "empty": ("planes", b"", "rows.csv", "EmptyFile"),
    "unknown dataset": ("trains", b"a,b\n1,2\n", "rows.csv", "UnknownDataset"),
    "unknown format": ("planes", b"a,b\n1,2\n", "rows.xlsx", "UnknownFormat"),
    "wrong columns": ("planes", b"tail,age\nN1,2\n", "rows.csv", "WrongColumns"),
    "binary rubbish": ("planes", bytes(range(256)) * 8, "rows.csv", "NotText"),
    "not UTF-8": ("planes", HEADER.encode() + "N1,2001,é".encode("latin-1"), "rows.csv", "NotText"),
    "truncated gzip": ("planes", gzip.compress(planes(99, "T").encode())[:-20], "rows.csv.gz", "TruncatedFile"),
    "bulky truncated gzip": (
        "planes",
        gzip.compress(planes(200_000, "T").encode(), 1)[:-20],
        "rows.csv.gz",
        "TruncatedFile",
    ),
    "not gzip": ("planes", planes(9, "N").encode(), "rows.csv.gz", "NotGzip"),
    "an open quote": ("planes", (planes(9, "Q") + '"open').encode(), "rows.csv", "TruncatedFile"),
    "too many rejected": (
        "planes",
        (HEADER + plane("N1") + plane("N2", year="NA")).encode(),
        "rows.csv",
        "RejectedShareExceeded",
    ),
}


@pytest.mark.parametrize(("dataset", "body", "name", "error"), FAILURES.values(), ids=FAILURES)
def test_a_file_that_cannot_be_loaded_fails_loudly(
    pipeline: Pipeline, dataset: str, body: bytes, name: str, error: str
) -> None:
    run = pipeline.run(dataset, body, name)
    assert run.status == "FAILED"
    assert run.error == error
    assert run.states[-3:] == ["RecordFailure", "NotifyFailure", "RunFailed"]
    assert (run.ledger["status"], run.ledger["error"]) == ("FAILED", error)
    assert list(run.objects("quarantine/").values()) == [body], "what failed is kept aside, unchanged"
    assert run.notification
    assert error in run.notification.subject + run.notification.message


def test_every_line_that_functions_log_has_the_trace_id(real: Run, pipeline: Pipeline) -> None:
    assert real.status == "SUCCEEDED"
    assert pipeline.run(*FAILURES["wrong columns"][:3]).status == "FAILED"
    lines = [line for name in pipeline.outputs["function_names"].values() for line in pipeline.log_lines(name)]
    ours = [line for line in lines if "message" in line or "_aws" in line]
    assert {type(line.get("xray_trace_id")) for line in ours} == {str}
    assert any(line.get("exception_name") == "WrongColumns" for line in ours)
    assert any("RowsLoaded" in line for line in ours), "metrics, too"


def test_a_failed_run_may_be_run_again(pipeline: Pipeline) -> None:
    run = pipeline.run(*FAILURES["wrong columns"][:3])
    again = pipeline.start_again(run)
    assert again.error == "WrongColumns", "it was claimed again, and read again"


def test_a_change_of_a_contract_takes_effect_without_a_deployment(pipeline: Pipeline) -> None:
    seconds = pipeline.deployment.outputs["foundation"]["configuration_seconds"]
    contract = Parameter(pipeline.deployment, f"{pipeline.outputs['contracts_path']}/planes", seconds)
    columns = contract.read()["columns"] | {"speed": {"type": "integer", "required": True}}
    with contract.changed(columns=columns, max_rejected_percent=100):
        assert pipeline.run("planes", planes(3, "STRICT").encode(), "strict.csv").counts == (3, 0, 3)
    assert pipeline.run("planes", planes(4, "AGAIN").encode(), "again.csv").counts == (4, 4, 0)
