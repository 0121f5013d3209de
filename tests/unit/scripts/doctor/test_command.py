"""The command's exit code: healthy, wrong, or blind."""

import json
from typing import Any

import pytest

from scripts.deployment import NotDeployedError
from scripts.doctor import __main__ as command
from scripts.doctor.adapters.reading import Window
from scripts.doctor.facts import Environment, Trigger

DISABLED = Trigger("rule", "etl", "arn:aws:events:::rule/etl", "EventBridge", "events", enabled=False, where="rule etl")


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[Window]:
    windows: list[Window] = []
    monkeypatch.setattr(command, "load", lambda name: name)
    return windows


def finds(monkeypatch: pytest.MonkeyPatch, windows: list[Window], **facts: Any) -> None:
    def gather(name: str, window: Window) -> Environment:
        windows.append(window)
        return Environment(name, **facts)

    monkeypatch.setattr(command, "gather", gather)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({}, 0),
        ({"triggers": (DISABLED,)}, 1),
        ({"unread": ("the queue q: AccessDenied",)}, 2),
        ({"triggers": (DISABLED,), "unread": ("the queue q: AccessDenied",)}, 1),
    ],
)
def test_the_exit_code_tells_what_was_found(
    monkeypatch: pytest.MonkeyPatch, looked: list[Window], facts: dict[str, Any], code: int
) -> None:
    finds(monkeypatch, looked, **facts)
    assert command.main(["--env", "dev", "--json"]) == code


def test_the_window_is_as_long_as_asked(
    monkeypatch: pytest.MonkeyPatch, looked: list[Window], capsys: pytest.CaptureFixture[str]
) -> None:
    finds(monkeypatch, looked)
    command.main(["--env", "dev", "--minutes", "5", "--limit", "7"])
    [window] = looked
    assert (round(window.until - window.since), window.limit) == (300, 7)
    assert "dev is healthy" in capsys.readouterr().out


def test_machines_get_one_json_document(
    monkeypatch: pytest.MonkeyPatch, looked: list[Window], capsys: pytest.CaptureFixture[str]
) -> None:
    finds(monkeypatch, looked, triggers=(DISABLED,))
    command.main(["--env", "dev", "--json"])
    assert json.loads(capsys.readouterr().out)["findings"][0]["cause"] == "trigger_broken"


def test_an_environment_that_is_not_there_cannot_be_looked_at(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(name: str) -> None:
        raise NotDeployedError(f"environment {name!r} is not deployed")

    monkeypatch.setattr(command, "load", refuse)
    assert command.main(["--env", "dev"]) == 2
    assert "not deployed" in capsys.readouterr().err


def test_a_window_of_no_time_is_refused() -> None:
    with pytest.raises(SystemExit):
        command.main(["--minutes", "0"])
