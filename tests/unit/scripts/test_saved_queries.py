"""Saved queries: asked until they are answered, and not for ever."""

from types import SimpleNamespace
from typing import Any

import pytest

from scripts import saved_queries
from scripts.saved_queries import QueryError


class Logs:
    """Logs Insights, whose answers to a query are `answers`, one after another; it lists one query a page."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = iter(answers)
        self.stopped: list[str] = []

    def describe_query_definitions(self, **asked: str) -> dict[str, Any]:
        if "nextToken" in asked:
            return {"queryDefinitions": [self.query("w/second")]}
        return {"queryDefinitions": [self.query("w/first")], "nextToken": "more"}

    def query(self, name: str) -> dict[str, Any]:
        return {"name": f"workflows-dev/{name}", "queryString": "fields @message", "logGroupNames": ["group"]}

    def start_query(self, **_: Any) -> dict[str, str]:
        return {"queryId": "q-1"}

    def get_query_results(self, **_: str) -> dict[str, Any]:
        return next(self.answers)

    def stop_query(self, **asked: str) -> None:
        self.stopped.append(asked["queryId"])


def on(logs: Logs) -> Any:
    return SimpleNamespace(outputs={"foundation": {"name": "workflows-dev"}}, client=lambda _: logs)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_queries, "POLL_SECONDS", 0)


def test_a_query_is_asked_until_it_is_answered() -> None:
    row = [{"field": "@message", "value": "hello"}, {"field": "@ptr", "value": "CkEK"}]
    logs = Logs({"status": "Scheduled"}, {"status": "Running"}, {"status": "Complete", "results": [row]})
    assert saved_queries.ask(on(logs), "w/second", seconds=60) == [{"@message": "hello"}]


def test_a_name_that_none_has_is_answered_with_those_there_are() -> None:
    with pytest.raises(QueryError, match="no query is saved as 'w/third'; there are: w/first, w/second"):
        saved_queries.ask(on(Logs()), "w/third", seconds=60)


def test_an_answer_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_queries, "PATIENCE_SECONDS", -1)
    logs = Logs({"status": "Running"})
    with pytest.raises(QueryError, match="ask about fewer --minutes"):
        saved_queries.ask(on(logs), "w/first", seconds=60)
    assert logs.stopped == ["q-1"]


def test_a_query_that_fails_says_so() -> None:
    with pytest.raises(QueryError, match="ended w/first as Failed"):
        saved_queries.ask(on(Logs({"status": "Failed", "results": []})), "w/first", seconds=60)


def test_rows_are_shown_with_the_columns_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    console = saved_queries.Console(soft_wrap=True, width=80)
    saved_queries.show(console, [{"a": "1"}, {"a": "2", "b": "3"}])
    saved_queries.show(console, [])
    assert capsys.readouterr().out.split() == ["a", "b", "1", "2", "3", "Nothing", "was", "found."]
