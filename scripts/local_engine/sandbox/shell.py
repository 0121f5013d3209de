"""Runs scripts one after the other in a folder of their own, as processes of this machine that are kept in it.

They see a clean environment, write below their folder only and read everything but what is hidden from them (both where
the kernel has Landlock), hold as much memory as they are given, and end, with everything they started, when told to or
when this process ends.
"""

import contextlib
import json
import os
import pwd
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any, Self, cast

from scripts.local_engine.process import ROOT
from scripts.local_engine.sandbox import landlock

SECONDS = 10.0
# Where people keep what lets others act as them, below their home.
SECRETS = (
    ".aws", ".azure", ".config", ".docker", ".git-credentials", ".gnupg", ".kube", ".netrc", ".ssh", ".vault-token",
    ".terraform.d/credentials.tfrc.json",
)  # fmt: skip


class Ended(Exception):
    """The processes were ended, from outside or by themselves, before their script was through."""


class Shell:
    """A shell in `scratch`, whose scripts start in `folder` with just the variables of `environment`.

    `memory` is what a single process may hold, in bytes; `hidden` cannot be read, and neither can people's secrets.
    To be used in a `with` statement; only `stop` may be called from another thread.
    """

    def __init__(
        self, scratch: Path, folder: Path, environment: dict[str, str], memory: int, hidden: Iterable[Path]
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-E", "-s", "-S", "-B", "-m", "scripts.local_engine.sandbox.supervisor"],
            cwd=ROOT,
            env={"PATH": os.environ.get("PATH", os.defpath)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self._input, self._output = cast("IO[str]", self._process.stdin), cast("IO[str]", self._process.stdout)
        home = Path(pwd.getpwuid(os.getuid()).pw_dir)
        self._scratch = scratch
        setup = {"scratch": str(scratch), "folder": str(folder), "environment": environment, "memory": memory}
        self._write({**setup, "hidden": [str(path) for path in (*hidden, *(home / name for name in SECRETS))]})
        self.landlock: int = self._read()["landlock"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for pipe in (self._input, self._output):
            with contextlib.suppress(OSError):  # of what was not read any more
                pipe.close()

    @property
    def is_confined(self) -> bool:
        """Whether the kernel keeps what runs here from writing elsewhere."""
        return self.landlock >= landlock.ENOUGH

    def run(self, script: str, hear: Callable[[str], None], shell: str = "/bin/sh") -> int:
        """Run a script, pass on each line it writes, and return its exit status. Raises Ended."""
        self._write({"script": script, "shell": shell, "path": str(self._scratch / "script.sh")})
        while "line" in (answer := self._read()):
            hear(str(answer["line"]))
        return int(answer["status"])

    def stop(self) -> None:
        """End everything that was started here, and wait until it has ended."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            self._process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _write(self, message: dict[str, Any]) -> None:
        try:
            self._input.write(json.dumps(message) + "\n")
            self._input.flush()
        except OSError:
            raise Ended from None

    def _read(self) -> dict[str, Any]:
        line = self._output.readline()
        if not line.endswith("\n"):
            raise Ended
        message: dict[str, Any] = json.loads(line)
        return message
