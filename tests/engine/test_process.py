"""Starting and stopping the engine: it works, or one sentence says why not."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.local_engine import Engine, EngineError, process


def command_line(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.local_engine", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=process.ROOT,
    )


def test_it_listens_on_loopback_only(engine: Engine) -> None:
    with socket.create_connection(("127.0.0.1", engine.port)):
        pass
    assert f"http://127.0.0.1:{engine.port} " in engine.log.read_text()


def test_its_directory_tells_which_port_it_listens_on(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE_PORT", "1")
    assert Engine(directory=engine.directory).url == engine.url


def test_starting_it_twice_is_refused(engine: Engine) -> None:
    with pytest.raises(EngineError, match=f"already running as process {engine.pid()}"):
        Engine(engine.port, engine.directory).start()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = command_line("start", "--port", str(port), "--directory", str(tmp_path))
    assert said.returncode == 1
    assert said.stderr.startswith(f"Port {port} on 127.0.0.1 cannot be used")
    assert said.stderr.count("\n") == 1


@pytest.mark.parametrize(("option", "variable"), [("99999", ""), ("0", ""), ("", "abc"), ("", "65536")])
def test_what_is_no_port_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, variable: str) -> None:
    monkeypatch.setenv("ENGINE_PORT", variable)
    said = command_line("start", "--directory", str(tmp_path), *(["--port", option] if option else []))
    assert said.returncode == 1
    assert "is no port: set ENGINE_PORT (or --port) to a number from 1 to 65535." in said.stderr
    assert said.stderr.count("\n") == 1


def test_another_python_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 11, 2))
    with pytest.raises(EngineError, match=r"needs Python 3\.13"):
        Engine(1, tmp_path).start()


def test_an_engine_that_dies_at_its_start_gives_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "_environment", lambda _: {"ENGINE_DIRECTORY": "/nowhere"})
    monkeypatch.setattr(Engine, "_check_port", lambda _: None)
    with pytest.raises(EngineError, match=r"died at its start: FileNotFoundError.*/nowhere"):
        Engine(1, tmp_path).start()


def test_stopping_leaves_nothing_running(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Engine(port, tmp_path) as running:
        assert "runs as process" in command_line("status", "--directory", str(tmp_path)).stdout
    assert running.pid() is None
    assert command_line("status", "--directory", str(tmp_path)).stderr == "The engine is not running.\n"
    assert command_line("stop", "--directory", str(tmp_path)).returncode == 0


def test_an_engine_does_not_outlive_the_test_run_that_started_it(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    script = (
        "import os\nfrom pathlib import Path\nfrom scripts.local_engine import Engine\n"
        f"with Engine({port}, Path({str(tmp_path)!r})):\n os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=process.ROOT)
    orphan = Engine(port, tmp_path)
    deadline = time.monotonic() + 10
    while orphan.pid():
        assert time.monotonic() < deadline
        time.sleep(0.1)
