"""The operators' command line: exit codes, and one sentence when something is wrong."""

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts import deployment, etl
from scripts.local_engine import Engine
from tests.support.fake_terraform import Install

RUN = dict.fromkeys(etl.COLUMNS, "1") | {"run_id": "r-1", "status": "FAILED", "error": "WrongColumns"}
Command = Callable[..., int]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run `python -m scripts.etl` with the given words; return the exit code."""

    def run(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["etl", *words])
        return etl.main()

    return run


@pytest.fixture
def machine_with_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment whose ledger holds one failed run, and whose machine knows no execution."""
    items = [{name: {"S": value} for name, value in RUN.items()}]
    ledger = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: [{"Items": items}]))

    def unknown(**_: Any) -> None:
        raise LookupError

    states = SimpleNamespace(describe_execution=unknown, exceptions=SimpleNamespace(ExecutionDoesNotExist=LookupError))
    outputs = {"etl_pipeline": {"runs_table": "runs", "state_machine_arn": "arn:aws:states:r:1:stateMachine:m"}}
    found = SimpleNamespace(outputs=outputs, client={"dynamodb": ledger, "stepfunctions": states}.__getitem__)
    monkeypatch.setattr(etl, "load", lambda _: found)


@pytest.mark.usefixtures("machine_with_ledger")
def test_runs_are_listed_for_people_and_for_machines(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("runs", "planes") == 0
    assert "WrongColumns" in capsys.readouterr().out
    assert command("runs", "planes", "--json") == 0
    assert json.loads(capsys.readouterr().out) == [RUN]
    assert command("runs", "planes", "--status", "SUCCEEDED") == 0
    assert capsys.readouterr().out == "no runs\n"


@pytest.mark.parametrize("words", [("redrive", "r-2"), ("report", "r-2", "run.json")])
@pytest.mark.usefixtures("machine_with_ledger")
def test_an_unknown_run_is_one_sentence(
    command: Command, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert command(*words) == 1
    assert said(capsys).startswith("there is no run 'r-2'")


def test_what_aws_refuses_is_one_sentence(
    command: Command, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: str) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, "Query")

    monkeypatch.setattr(etl, "load", refuse)
    assert command("runs", "planes") == 1
    assert "AccessDenied" in said(capsys)


def test_without_terraform_it_says_so(machine: Path, command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert machine
    assert command("--env", "dev", "runs", "planes") == 1
    assert "no terraform on PATH" in said(capsys)


def test_a_dead_engine_leads_to_the_demo(
    command: Command,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    fake_terraform: Install,
) -> None:
    fake_terraform(output='echo \'{"foundation": {"value": {"region": "us-east-1"}}}\'')
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # nobody listens there
        engine = Engine(unused.getsockname()[1], tmp_path)
        monkeypatch.setattr(deployment, "Engine", lambda: engine)
        assert command("runs", "planes") == 1
    assert said(capsys) == f"no engine answers at {engine.url}; run `make demo`\n"


def test_a_port_that_is_none_is_one_sentence(
    command: Command, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(deployment, "Engine", lambda: Engine(directory=tmp_path))
    monkeypatch.setenv("ENGINE_PORT", "abc")
    assert command("runs", "planes") == 1
    assert said(capsys).startswith("'abc' is no port")


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """Return what was written to standard error, which is one line."""
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error
