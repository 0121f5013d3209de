"""The demo's command line and story: it ends well only when all it promises was seen."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest
from botocore.exceptions import EndpointConnectionError
from rich.console import Console

from scripts import local, stage
from scripts.demo import __main__, etl_pipeline
from scripts.deployment import ROOT
from scripts.local_engine import Engine
from scripts.stage import StoryError

Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run the demo with stubs for its two halves; return the exit code."""

    def run(
        up: Callable[..., Any] = lambda *_: None,
        tell: Callable[..., Any] = lambda *_: None,
        workflow: str | None = "etl_pipeline",
    ) -> int:
        monkeypatch.setattr(sys, "argv", ["demo", *([workflow] if workflow else [])])
        monkeypatch.setattr(local, "up", up)
        monkeypatch.setattr(etl_pipeline, "tell", tell)
        monkeypatch.setattr(stage, "ROOT", tmp_path)
        monkeypatch.setattr(stage, "Engine", lambda: Engine(directory=tmp_path))
        return __main__.main()

    return run


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any) -> None:
        raise error

    return fail


def test_a_story_that_ends_well_is_success(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert "The engine keeps running (log: engine.log)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("stubs", "sentence"),
    [
        ({"tell": raising(StoryError("nobody was notified"))}, "nobody was notified\n"),
        ({"up": raising(local.ApplyError("terraform init failed"))}, "terraform init failed\n"),
        ({"up": raising(EndpointConnectionError(endpoint_url="http://x"))}, "The engine did not answer as expected"),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    run: Run, capsys: pytest.CaptureFixture[str], stubs: dict[str, Any], sentence: str
) -> None:
    assert run(**stubs) == 1
    error = capsys.readouterr().err
    assert error.startswith(sentence)
    assert error.count("\n") == 1


@pytest.mark.parametrize("port", ["abc", "99999", "0", "-1"])
def test_a_port_that_is_none_is_one_sentence(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    monkeypatch.setenv("ENGINE_PORT", port)
    assert run() == 1
    assert capsys.readouterr().err == (
        f"'{port}' is no port: set ENGINE_PORT (or --port) to a number from 1 to 65535.\n"
    )


def test_the_pipeline_s_story_which_takes_longest_is_the_last(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(
        __main__.importlib,
        "import_module",
        lambda name: SimpleNamespace(tell=lambda *_: told.append(name.removeprefix("scripts.demo."))),
    )
    assert run(workflow=None) == 0
    stories = {path.stem for path in (ROOT / "scripts" / "demo").glob("[a-z]*.py")}
    assert told == [*sorted(stories - {"gitops_pipeline"}), "gitops_pipeline"]


class Story:
    """The ETL story on stubs: `statuses` are those of its two runs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, statuses: tuple[str, str], *, notified: bool = True) -> None:
        ended = iter(statuses)
        states = SimpleNamespace(
            describe_execution=lambda **_: {"name": "run", "status": next(ended), "error": "Sad", "cause": "Why."}
        )
        clients = {"stepfunctions": states, "s3": SimpleNamespace(put_object=lambda **_: {"VersionId": "1"})}
        names = ("bucket", "records_table", "state_machine_arn", "topic_arn")
        self.deployment: Any = SimpleNamespace(
            outputs={"etl_pipeline": dict.fromkeys(names, "x")}, client=clients.__getitem__
        )
        self.notification = SimpleNamespace(subject="Told", message="Details") if notified else None
        monkeypatch.setattr(etl_pipeline, "Inbox", lambda *_: self)
        monkeypatch.setattr(etl_pipeline, "started_by", lambda *_: "arn")
        monkeypatch.setattr(etl_pipeline, "follow", lambda *_: iter(()))
        monkeypatch.setattr(etl_pipeline, "inside_maps", lambda *_: {"LoadChunk": [0.5, 0.25, 4.0]})
        monkeypatch.setattr(etl_pipeline, "_print_counts", lambda *_: None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def wait_for(self, _: str) -> Any:
        return self.notification

    def tell(self) -> str:
        console = Console(file=io.StringIO(), soft_wrap=True)
        etl_pipeline.tell(self.deployment, console)
        return console.file.getvalue()  # type: ignore[attr-defined] # it is the StringIO above


def test_the_story_is_told_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Story(monkeypatch, ("SUCCEEDED", "FAILED")).tell()
    assert "LoadChunk          0.50 s (median of 3, 0.25 to 4.00 s, inside the Map)" in told
    assert "✗ FAILED Sad: Why." in told
    assert "Look further" in told


@pytest.mark.parametrize(
    ("statuses", "sentence"),
    [
        (("FAILED", "FAILED"), r"^the run of planes\.csv should be SUCCEEDED, and is FAILED \(Sad: Why\.\)$"),
        (("SUCCEEDED", "SUCCEEDED"), r"^the run of broken\.csv should be FAILED, and is SUCCEEDED"),
    ],
)
def test_a_run_that_ends_otherwise_fails_the_demo(
    monkeypatch: pytest.MonkeyPatch, statuses: tuple[str, str], sentence: str
) -> None:
    with pytest.raises(StoryError, match=sentence):
        Story(monkeypatch, statuses).tell()


def test_a_missing_notification_fails_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoryError, match=r"^nobody was notified of run run: "):
        Story(monkeypatch, ("SUCCEEDED", "FAILED"), notified=False).tell()
