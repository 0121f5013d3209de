"""Starts, watches and stops the engine's process, and reads what it recorded."""

import contextlib
import fcntl
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_PORT = 4566
DEFAULT_DIRECTORY = ROOT / "build" / "engine"
HOST = "127.0.0.1"
MAX_PORT = 65535
PYTHON = (3, 13)
START_SECONDS = 120.0
STOP_SECONDS = 15.0


class EngineError(Exception):
    """Why the engine cannot be started, stopped or reached, in one sentence."""


class Engine:
    """One engine on one loopback port, with a directory of its own for its log, decisions and temporary files.

    Without `port`, it is the one that the directory's engine listens on, else ENGINE_PORT, else 4566.
    Raises EngineError for what is no port.
    """

    def __init__(self, port: int | None = None, directory: Path = DEFAULT_DIRECTORY) -> None:
        self.directory = Path(directory)
        self.log = self.directory / "engine.log"
        self._pid_file = self.directory / "engine.pid"
        self._port_file = self.directory / "engine.port"
        self._decisions = self.directory / "decisions.jsonl"
        self.port = _port(self._wanted_port() if port is None else port)
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def __enter__(self) -> Self:
        """Start the engine so that it ends with this process, however that ends."""
        self._owner = os.getpid()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The endpoint of every service, for AWS_ENDPOINT_URL."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Start the engine and return once it answers.

        Raises EngineError for a wrong Python, a missing ministack, an engine already running, a taken port, or an
        engine that dies or does not answer within 30 seconds.
        """
        self._check_python()
        if pid := self.pid():
            raise EngineError(f"The engine is already running as process {pid} in {self.directory}: stop it first.")
        self._check_port()
        self._fresh_directory()
        self._port_file.write_text(str(self.port))
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "scripts.local_engine.launcher"],
                cwd=ROOT,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # it outlives the terminal that started it
            )
        self._await_answer(self._process)

    def stop(self) -> None:
        """Stop the engine and every function it runs, and drop its temporary files; does nothing when none runs.

        Raises EngineError when it is still there after 15 seconds and a kill.
        """
        pid = self.pid()
        if pid:
            for attempt in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, attempt)  # it leads its own session: its functions go with it
                if self._wait_until_gone(STOP_SECONDS):
                    break
            else:
                raise EngineError(f"The engine, process {pid}, does not stop.")
        if self._process:
            self._process.wait()
        shutil.rmtree(self.directory / "tmp", ignore_errors=True)
        self._pid_file.unlink(missing_ok=True)

    def pid(self) -> int | None:
        """Return the running engine's process id; one left in the file by an engine that died does not count."""
        try:
            file = self._pid_file.open("r+")
        except FileNotFoundError:
            return None
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read() or 0) or None
        return None

    def _wanted_port(self) -> int | str:
        if self.pid():
            return int(self._port_file.read_text())
        return os.environ.get("ENGINE_PORT") or DEFAULT_PORT

    def decisions(self) -> list[dict[str, Any]]:
        """Every authorization decision so far: time, principal, action, resource, decision, via, context."""
        if not self._decisions.exists():
            return []
        return [json.loads(line) for line in self._decisions.read_text().splitlines()]

    def _check_python(self) -> None:
        if sys.version_info[:2] != PYTHON:
            raise EngineError(
                f"The engine needs Python {PYTHON[0]}.{PYTHON[1]}, this is {sys.version.split()[0]} ({sys.executable})."
            )
        if importlib.util.find_spec("ministack") is None:
            raise EngineError(f"ministack is not installed in {sys.prefix}: install requirements/dev.txt there.")

    def _check_port(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free enough
            try:
                probe.bind((HOST, self.port))
            except OSError as error:
                raise EngineError(
                    f"Port {self.port} on {HOST} cannot be used ({error.strerror}): "
                    "stop what listens there, or set ENGINE_PORT to another."
                ) from None

    def _fresh_directory(self) -> None:
        shutil.rmtree(self.directory / "tmp", ignore_errors=True)
        (self.directory / "tmp").mkdir(parents=True)
        self._decisions.unlink(missing_ok=True)

    def _environment(self) -> dict[str, str]:
        """Return all the engine may see: it copies its environment into what it runs, so nothing of ours is there."""
        temporary = str((self.directory / "tmp").resolve())
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": temporary,
            "TMPDIR": temporary,
            "STATE_DIR": f"{temporary}/state",  # else in /tmp, shared by every engine
            "PYTHONUNBUFFERED": "1",
            "ENGINE_DIRECTORY": str(self.directory.resolve()),
            "ENGINE_OWNER": str(self._owner),
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "AWS_ENDPOINT_URL": self.url,
            "AUTH": "true",
            "CLOUDTRAIL_MAX_EVENTS": "50000",  # in memory
            "LOG_LEVEL": "INFO",
            "IOT_MTLS_ENABLED": "0",  # these two would listen on fixed ports
            "SFTP_ENABLED": "0",
            **{name: value for name, value in os.environ.items() if name.startswith(("ENGINE_BUILD_", "ENGINE_TIME_"))},
        }

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise EngineError(f"The engine died at its start: {self._last_words()} (whole story in {self.log})")
            if self.answers():
                return
            time.sleep(0.05)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise EngineError(f"The engine did not answer within {START_SECONDS:.0f} s: see {self.log}.")

    def answers(self) -> bool:
        """Tell whether an engine answers on the port, whoever started it."""
        try:
            with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2) as answer:  # noqa: S310 our own URL
                return bool(answer.status == 200)  # noqa: PLR2004 HTTP's OK
        except (urllib.error.URLError, OSError):
            return False

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def _wait_until_gone(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.pid() is None:
                return True
            time.sleep(0.05)
        return False


def _port(value: int | str) -> int:
    """Return a TCP port as a number. Raises EngineError."""
    try:
        port = int(value)
    except ValueError:
        port = 0
    if not 1 <= port <= MAX_PORT:
        raise EngineError(f"{value!r} is no port: set ENGINE_PORT (or --port) to a number from 1 to {MAX_PORT}.")
    return port
