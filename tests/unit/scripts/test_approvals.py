"""The operators' command line of the approval workflow lists every kind of request, and shows one with its trail."""

import json
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer

from scripts import approvals

Command = Callable[..., int]
HOST = {"instance_type": "t3.micro", "hours": 24}
DEPLOYMENT = {"kind": "deployment", "commit": "0123456789abcdef", "environment": "prod"}


def stored(request_id: str, status: str, wanted: dict[str, Any], **values: Any) -> dict[str, Any]:
    item = {"request_id": request_id, "status": status, "request": wanted, "requester": "arn:x", "task_token": "secret"}
    return item | {"created_at": "2026-11-23T08:00:00Z", "approvers": ["bert", "cleo"], "expires_at": 1} | values


REQUESTS = [
    stored("req-1", "APPROVED", HOST, requester_name="ada"),
    stored("req-2", "PENDING", {"extends": "req-1", "hours": 2}, votes={"bert": {"choice": "approve"}}),
    stored("req-3", "PENDING", DEPLOYMENT),
]
ENTRY = {"at": "2026-11-23T08:00:00Z", "who": "bert", "what": "DENIED_BY", "detail": "[/] see [bold]"}


class Tables:
    """DynamoDB with three requests, of which the first has an entry in the audit."""

    def get_paginator(self, operation: str) -> Any:
        items = {"scan": REQUESTS, "query": [ENTRY]}[operation]
        return SimpleNamespace(paginate=lambda **_: [{"Items": [self.item(each) for each in items]}])

    def get_item(self, **asked: Any) -> dict[str, Any]:
        assert asked["TableName"] == "requests"
        found = [each for each in REQUESTS if each["request_id"] == asked["Key"]["request_id"]["S"]]
        return {"Item": self.item(found[0])} if found else {}

    def item(self, document: dict[str, Any]) -> dict[str, Any]:
        return {name: TypeSerializer().serialize(value) for name, value in document.items()}


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run `python -m scripts.approvals` with the given words; return the exit code."""
    outputs = {"approval_workflow": {"requests_table": "requests", "audit_table": "audit"}}
    found = SimpleNamespace(outputs=outputs, client={"dynamodb": Tables()}.__getitem__)
    monkeypatch.setattr(approvals, "load", lambda _: found)

    def run(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["approvals", *words])
        return approvals.main()

    return run


def test_requests_of_every_kind_are_listed(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("list") == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split()[:5] == ["request", "status", "created", "requester", "what"]
    told = {" ".join(row.split()) for row in rows}
    assert told == {
        "req-1 APPROVED 2026-11-23T08:00:00 ada t3.micro 24",
        "req-2 PENDING 2026-11-23T08:00:00 arn:x extends req-1 2 cleo 1970-01-01T00:00:01",
        "req-3 PENDING 2026-11-23T08:00:00 arn:x deploys 0123456789ab to prod bert, cleo 1970-01-01T00:00:01",
    }


def test_those_of_one_status_are_listed_for_machines_without_tokens(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("list", "--status", "pending", "--json") == 0
    text = capsys.readouterr().out
    assert {each["request_id"] for each in json.loads(text)} == {"req-2", "req-3"}
    assert "secret" not in text


def test_a_deployment_is_shown_with_its_trail_as_people_wrote_it(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("show", "req-3") == 0
    text = capsys.readouterr().out
    assert '"commit": "0123456789abcdef"' in text
    assert "[/] see [bold]" in text
    assert "secret" not in text


def test_an_unknown_request_is_one_sentence(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("show", "req-4") == 1
    assert capsys.readouterr().err == "there is no request 'req-4'; `list` shows those there are\n"
