"""Logs Insights: fields of JSON are discovered, filtered, sorted and counted; what is malformed is refused."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

type Clients = Callable[[str], Any]
LINES = [
    {"level": "INFO", "record": {"ms": 5}},
    {"level": "ERROR", "record": {"ms": 20}, "error": "Timeout"},
    {"level": "ERROR", "record": {"ms": 100}},
]


@pytest.fixture
def ask(client: Clients, name: str) -> Callable[[str], list[dict[str, str]]]:
    """Ask a log group with three lines of JSON and one of text."""
    logs, now = client("logs"), int(time.time() * 1000)
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="one")
    texts = [*map(json.dumps, LINES), "plain text"]
    events = [{"timestamp": now + number, "message": text} for number, text in enumerate(texts)]
    logs.put_log_events(logGroupName=name, logStreamName="one", logEvents=events)

    def query(text: str) -> list[dict[str, str]]:
        asked = {"logGroupName": name, "queryString": text, "startTime": now // 1000 - 60, "endTime": now // 1000 + 60}
        answer = logs.get_query_results(queryId=logs.start_query(**asked)["queryId"])
        assert answer["status"] == "Complete"
        return [{each["field"]: each["value"] for each in row if each["field"] != "@ptr"} for row in answer["results"]]

    return query


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('level = "ERROR"', ["20", "100"]),
        ("level = 'ERROR' and record.ms < 50", ["20"]),
        ("record.ms <= 5 or ispresent(error)", ["5", "20"]),
        ("not (level = 'INFO' or error like /(?i)TIME/)", ["100", ""]),
        ("@message like 'plain'", [""]),
        ("level != 'INFO'", ["20", "100"]),
    ],
)
def test_filters_ask_fields_of_json(ask: Any, condition: str, found: list[str]) -> None:
    assert [row.get("record.ms", "") for row in ask(f"fields record.ms | filter {condition}")] == found


def test_rows_are_sorted_as_numbers_and_limited(ask: Any) -> None:
    assert ask("fields level, record.ms | sort record.ms desc | limit 2") == [
        {"level": "ERROR", "record.ms": "100"},
        {"level": "ERROR", "record.ms": "20"},
    ]


def test_rows_are_counted_by_groups(ask: Any) -> None:
    assert ask("filter ispresent(level) | stats count(*) as n, avg(record.ms) as mean, max(record.ms) by level") == [
        {"level": "ERROR", "n": "2", "mean": "60", "max(record.ms)": "100"},
        {"level": "INFO", "n": "1", "mean": "5", "max(record.ms)": "5"},
    ]


@pytest.mark.parametrize(
    "text", ["frobnicate 1", "filter level =", "filter (level = 'a'", "stats mode(x)", "filter 1 = 1", "filter a ~ 1"]
)
def test_what_is_malformed_is_refused(ask: Any, text: str) -> None:
    with pytest.raises(ClientError, match="MalformedQueryException"):
        ask(text)
