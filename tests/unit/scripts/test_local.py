"""Bringing the local environment up, with a stub for the engine and a Terraform that says what a test wants."""

import json
from pathlib import Path
from unittest.mock import Mock

import pytest

from scripts import deployment, local
from scripts.terraform import TerraformError
from tests.support.fake_terraform import Install

APPLY = [
    {"type": "version"},
    {"type": "apply_complete", "hook": {"action": "read"}},  # a data block, which is no change
    {"type": "change_summary", "changes": {"add": 1, "change": 1}},
    {"type": "apply_complete", "hook": {"action": "create"}},
    {"type": "apply_complete", "hook": {"action": "update"}},
    {"type": "change_summary", "changes": {"add": 0, "change": 0}},
]
FAILED = [
    {"type": "diagnostic", "@level": "warn", "diagnostic": {"summary": "old"}},
    {"type": "diagnostic", "@level": "error", "diagnostic": {"summary": "No bucket", "detail": "It is gone."}},
    {"type": "diagnostic", "@level": "error", "diagnostic": {"summary": "No key"}},
]
OUTPUT = "echo '" + json.dumps({"foundation": {"value": {"region": "us-east-1"}}}) + "'"


def say(messages: list[dict[str, object]], code: int = 0) -> str:
    return "; ".join([*(f"echo '{json.dumps(message)}'" for message in messages), f"exit {code}"])


class StubEngine:
    """An engine that runs from its start on."""

    port = 4566
    url = "http://127.0.0.1:4830"

    def __init__(self) -> None:
        self.starts = 0
        self.image: list[str] = []  # of which addresses its builds were told before it started

    def pid(self) -> int | None:
        return 1000 + self.starts if self.starts else None

    def provide(self, url: str) -> None:
        if not self.starts:
            self.image.append(url)

    def start(self) -> None:
        self.starts += 1

    def answers(self) -> bool:
        return bool(self.starts)


@pytest.fixture
def engine(machine: Path, monkeypatch: pytest.MonkeyPatch) -> StubEngine:
    """A stub, and a repository with one source and one zip."""
    stub = StubEngine()
    root = machine / "repository"
    for file in ("modules/main.tf", "environments/local/.terraform/lock", "build/a.zip", "build/notes"):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text("1")
    monkeypatch.setattr(local, "ROOT", root)
    monkeypatch.setattr(local, "APPLIED", root / "build" / "local" / "applied")
    monkeypatch.setattr(local, "prepare", lambda _: None)  # there is no account behind the stub
    monkeypatch.setattr(local.build_image, "provide", stub.provide)
    monkeypatch.setattr(deployment, "Engine", lambda: stub)
    return stub


def test_on_a_bare_machine_all_is_started_and_applied(engine: StubEngine, fake_terraform: Install) -> None:
    terraform, told = fake_terraform(apply=say(APPLY), output=OUTPUT), []
    assert local.up(engine, told.append).endpoint_url == engine.url
    assert (engine.starts, engine.image) == (1, [engine.url])
    assert terraform.commands == ["init", "apply", "output"]
    assert told == [
        "starting the engine",
        "terraform init",
        "terraform apply",
        "terraform apply: 1 of 2 resources",
        "terraform apply: 2 of 2 resources",
    ]


def test_what_is_applied_is_not_applied_again_until_it_changes(engine: StubEngine, fake_terraform: Install) -> None:
    terraform = fake_terraform(apply=say(APPLY), output=OUTPUT)
    for _ in range(2):
        local.up(engine, lambda _: None)
    assert (engine.starts, terraform.commands.count("apply")) == (1, 1)
    (local.ROOT / "modules" / "main.tf").write_text("2")
    local.up(engine, lambda _: None)
    assert (engine.starts, terraform.commands.count("apply")) == (1, 2)


def test_what_an_engine_held_that_is_gone_is_applied_anew(
    engine: StubEngine, fake_terraform: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    terraform = fake_terraform(apply=say(APPLY), output=OUTPUT)
    local.up(engine, lambda _: None)
    monkeypatch.setattr(engine, "pid", Mock(side_effect=[None, 1001]))  # the next one gets the same process id
    local.up(engine, lambda _: None)
    assert terraform.commands.count("apply") == 2


def test_without_terraform_no_engine_starts(engine: StubEngine) -> None:
    with pytest.raises(TerraformError, match="no terraform on PATH"):
        local.up(engine, lambda _: None)
    assert not engine.starts


def test_an_init_that_fails_says_why_and_applies_nothing(engine: StubEngine, fake_terraform: Install) -> None:
    terraform = fake_terraform(init="echo 'Error: Failed to query available provider packages' >&2; exit 1")
    with pytest.raises(local.ApplyError, match=r"init .* failed: Failed to query available provider packages$"):
        local.up(engine, lambda _: None)
    assert terraform.commands == ["init"]


def test_an_apply_that_fails_says_every_error_and_is_tried_again(engine: StubEngine, fake_terraform: Install) -> None:
    terraform = fake_terraform(apply=say(FAILED, 1))
    for _ in range(2):
        with pytest.raises(
            local.ApplyError, match=r"apply of environments/local failed: No bucket: It is gone\.; No key"
        ):
            local.up(engine, lambda _: None)
    assert terraform.commands.count("apply") == 2


@pytest.mark.parametrize(
    ("changed", "matters"),
    [
        ("modules/main.tf", True),
        ("statemachines/new.asl.json", True),
        ("build/a.zip", True),
        ("build/notes", False),
        ("environments/local/.terraform/lock", False),
        ("environments/local/engine_override.tf", False),
    ],
)
def test_the_digest_knows_what_matters(engine: StubEngine, changed: str, matters: bool) -> None:
    before = local.digest(engine)
    path = local.ROOT / changed
    path.parent.mkdir(exist_ok=True)
    path.write_text("2")
    assert (local.digest(engine) != before) is matters


def test_another_engine_holds_nothing_yet(engine: StubEngine) -> None:
    before = local.digest(engine)
    engine.start()
    assert local.digest(engine) != before
