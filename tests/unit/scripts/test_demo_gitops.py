"""The GitOps pipeline's story on stubs, with a real repository: it ends well only when all it promises was seen."""

import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest
from rich.console import Console

from scripts.demo import gitops_pipeline
from scripts.executions import Visit
from scripts.sample_repository import FUNCTION, GitError
from scripts.stage import StoryError

GOOD, SECRET, HARMFUL = "Make the next version of the greeting", "Add a key", "Greet everybody alike"
ENDS = {GOOD: "Succeeded", SECRET: "Rejected", HARMFUL: "RolledBack", "Greet people by their names": "Succeeded"}


class Account:
    """A pipeline that ends as a test wants, by each push's message, and all that the story asks about it."""

    def __init__(self, remote: Path, *, deployed: bool = True) -> None:
        self.remote = remote
        self.ends = dict(ENDS)
        self.running: list[str] = []
        self.functions = [{"FunctionName": FUNCTION}] if deployed else []
        self.answers = {"greeting": "Hello, Ada!", "version": 1}
        self.notified = self.commented = True
        self.settings = json.dumps({"canary": [], "lease_seconds": 7200})
        self.written: list[dict[str, Any]] = []
        names = ("repository", "settings_parameter", "state_machine_arn", "topic_arn", "bucket", "ledger_table")
        self.outputs = {"gitops_pipeline": {**dict.fromkeys(names, "x"), "clone_url": remote.as_uri()}}

    def client(self, _: str) -> Any:
        return self

    def message(self) -> str:
        command = ["git", "log", "-1", "--format=%s", "main"]
        return subprocess.run(command, cwd=self.remote, capture_output=True, text=True, check=True).stdout.strip()

    def follow(self, *_: object) -> Iterator[Visit]:
        end = self.ends[self.message()]
        yield Visit("Scan", 1.5)
        yield Visit("IsPassed", 0.0)
        if end != "Rejected":
            yield Visit("ShiftTraffic", 0.25)
        yield Visit(end, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def wait_for(self, commit: str) -> Any:
        text = f"Ended: commit {commit}\nExecution: arn\nDurations: build 2 s"
        return SimpleNamespace(subject=f"Ended {commit[:12]}", message=text) if self.notified else None

    def get_paginator(self, operation: str) -> Any:
        running = [{"executionArn": arn} for arn in self.running]
        page = {"list_functions": {"Functions": self.functions}, "list_executions": {"executions": running}}[operation]
        return SimpleNamespace(paginate=lambda **_: [page])

    def invoke(self, **_: object) -> dict[str, Any]:
        return {"Payload": io.StringIO(json.dumps(self.answers))}

    def get_comments_for_compared_commit(self, **_: object) -> dict[str, Any]:
        comments = [{"content": "**Ended**\n\n- why"}] if self.commented else []
        return {"commentsForComparedCommitData": [{"comments": comments}]}

    def get_parameter(self, **_: object) -> dict[str, Any]:
        return {"Parameter": {"Type": "String", "Value": self.settings}}

    def put_parameter(self, **asked: Any) -> None:
        self.written.append(json.loads(asked["Value"]))


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """An empty repository."""
    command = ["git", "init", "--quiet", "--bare", "--initial-branch=main", "remote.git"]
    subprocess.run(command, cwd=tmp_path, check=True)
    return tmp_path / "remote.git"


def tell(account: Account, monkeypatch: pytest.MonkeyPatch) -> str:
    """Tell the story and return what it printed."""
    monkeypatch.setattr(gitops_pipeline, "Inbox", lambda *_: account)
    monkeypatch.setattr(gitops_pipeline, "started_by", lambda *_: "arn")
    monkeypatch.setattr(gitops_pipeline, "follow", account.follow)
    console = Console(file=io.StringIO(), soft_wrap=True, width=200)
    deployment: Any = account
    gitops_pipeline.tell(deployment, console)
    return console.file.getvalue()  # type: ignore[attr-defined] # it is the StringIO above


def test_the_story_is_told_to_its_end(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tell(Account(remote), monkeypatch)
    assert "The first push" not in told
    assert told.index(f": {GOOD}\n") < told.index(f": {SECRET}\n") < told.index(f": {HARMFUL}\n")
    assert "40 calls: 40x “Hello, Ada!” of version 1" in told
    assert "IsPassed" not in told
    assert "Durations: build 2 s" in told
    assert "… and 1 more: where logs, findings and reports are" in told
    assert "✎ beside the commit: **Ended**, and why" in told
    assert told.index("RolledBack after") < told.index("live, as before: “Hello, Ada!” of version 1")


def test_the_first_story_deploys_what_the_others_start_from(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tell(Account(remote, deployed=False), monkeypatch)
    assert told.index("some 75 s") < told.index("A good push, version 2")


def test_told_again_it_goes_on_from_the_last_version(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(Account(remote), monkeypatch)
    assert "A good push, version 3" in tell(Account(remote), monkeypatch)


def test_what_a_story_left_that_was_cut_off_ends_first(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(remote)
    account.running = ["arn:first", "arn:second"]
    waited: list[str] = []
    monkeypatch.setattr(gitops_pipeline, "wait_for_end", lambda _client, arn, _seconds: waited.append(arn))
    tell(account, monkeypatch)
    assert waited == account.running


def test_the_settings_are_as_before(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(remote)
    account.ends[GOOD] = "Failed"
    with pytest.raises(StoryError):
        tell(account, monkeypatch)
    changed, restored = account.written
    assert changed["lease_seconds"] == 7200
    assert [stage["percent"] for stage in changed["canary"]] == [10, 50]
    assert restored == json.loads(account.settings)


@pytest.mark.parametrize(
    ("message", "end"), [(GOOD, "RolledBack"), (SECRET, "Succeeded"), (HARMFUL, "Succeeded"), (HARMFUL, "Failed")]
)
def test_a_run_that_ends_otherwise_fails_the_demo(
    remote: Path, monkeypatch: pytest.MonkeyPatch, message: str, end: str
) -> None:
    account = Account(remote)
    account.ends[message] = end
    with pytest.raises(StoryError, match=f"should end in {ENDS[message]}, and ends in {end}"):
        tell(account, monkeypatch)


@pytest.mark.parametrize(("silent", "sentence"), [("notified", "nobody was told"), ("commented", "nothing stands")])
def test_silence_fails_the_demo(remote: Path, monkeypatch: pytest.MonkeyPatch, silent: str, sentence: str) -> None:
    account = Account(remote)
    setattr(account, silent, False)
    with pytest.raises(StoryError, match=sentence):
        tell(account, monkeypatch)


def test_harm_that_stays_fails_the_demo(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(remote)
    follow = account.follow

    def harmful(*asked: object) -> Iterator[Visit]:
        if account.message() == HARMFUL:
            account.answers = {"greeting": "Hello!", "version": 1}
        yield from follow(*asked)

    monkeypatch.setattr(account, "follow", harmful)
    with pytest.raises(StoryError, match=r"“Hello!” of version 1 is live, and “Hello, Ada!” of version 1 should be"):
        tell(account, monkeypatch)


def test_a_repository_that_is_gone_is_a_sentence(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(remote)
    account.outputs["gitops_pipeline"]["clone_url"] = "file:///nowhere/at/all.git"
    with pytest.raises(GitError, match="git clone: "):
        tell(account, monkeypatch)
