"""The backfill hands each recorded call to the function, touches nothing unless told to, and outlives failures."""

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest

from resource_tagging.domain import call
from scripts import backfill_tags
from scripts.deployment import NotDeployedError

type Command = Callable[..., int]
ANSWER = {"ignored": False, "dry_run": True, "owner": "ada", "found_by": "iam-user", "kept": ["vol-2"], "gone": []}


class Function:
    """The deployed function: what it was asked, and what it answers by the event's id."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.dry = False

    def invoke(self, FunctionName: str, Qualifier: str, Payload: str) -> dict[str, Any]:  # noqa: N803  # botocore's names
        assert (FunctionName, Qualifier) == ("tagger", "live")
        event = json.loads(Payload)
        self.asked.append(event)
        if event["detail"]["eventID"] == "broken":
            error = {"errorType": "NotTaggableYet", "errorMessage": "vol-1"}
            return {"FunctionError": "Unhandled", "Payload": BytesIO(json.dumps(error).encode())}
        failed = event["detail"]["eventID"] == "failed"
        answer = ANSWER | {"dry_run": event["dry_run"] or self.dry, "tagged": [event["detail"]["eventID"]]}
        return {"Payload": BytesIO(json.dumps({"ignored": True} if failed else answer).encode())}


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Function:
    """An environment whose CloudTrail remembers three CreateVolume, on two pages."""
    ids = [["vol-1", "broken"], ["failed"]]

    def pages(LookupAttributes: list[dict[str, str]], StartTime: Any, EndTime: Any) -> list[dict[str, Any]]:  # noqa: N803  # botocore's
        assert EndTime - StartTime in {timedelta(days=7), timedelta(days=90)}
        name = LookupAttributes[0]["AttributeValue"]
        records = [[{"eventName": name, "eventID": each, "eventTime": "t"} for each in page] for page in ids]
        found = records if name == "CreateVolume" else []
        return [{"Events": [{"CloudTrailEvent": json.dumps(each)} for each in page]} for page in found]

    trail = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=pages))
    function = Function()
    outputs = {"resource_tagging": {"function_names": {"tag_resources": "tagger"}}}
    clients = {"cloudtrail": trail, "lambda": function}
    monkeypatch.setattr(backfill_tags, "load", lambda _: SimpleNamespace(outputs=outputs, client=clients.__getitem__))
    monkeypatch.setattr(backfill_tags.time, "sleep", lambda _: None)
    return function


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    def run(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["backfill_tags", *words])
        return backfill_tags.main()

    return run


def test_nothing_is_touched_unless_told_to(
    function: Function, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command() == 1
    said = capsys.readouterr()
    assert "1 would be tagged, 1 had an owner, 0 are gone\nUse --apply to tag them." in said.out
    assert said.err == "CreateVolume broken: NotTaggableYet: vol-1\n"
    assert [event["dry_run"] for event in function.asked] == [True] * 3


def test_told_to_it_tags(function: Function, command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    command("--apply", "--days", "7")
    assert "1 tagged" in capsys.readouterr().out
    assert [event["dry_run"] for event in function.asked] == [False] * 3


def test_an_environment_that_is_dry_says_so(
    function: Function, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    function.dry = True
    command("--apply")
    assert "The environment's `dry_run` is true" in capsys.readouterr().out


def test_a_missing_environment_is_one_sentence(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load(_: str) -> None:
        raise NotDeployedError("there is none")

    monkeypatch.setattr(backfill_tags, "load", load)
    assert command() == 1
    assert capsys.readouterr().err == "there is none\n"


def test_it_asks_for_every_call_that_the_function_knows() -> None:
    assert set(backfill_tags.CALLS) == set(call._MADE)  # noqa: SLF001  # the workflow and the script are packed apart
