"""The processes behind a `Shell`: one is confined and runs scripts, the other one ends it and whatever it has left.

Reads JSON lines: what to allow, then one script after the other. Writes JSON lines: what Landlock can do here, then
each line of output and each script's exit status. Standard library only.
"""

import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from scripts.local_engine.sandbox import family, landlock, privileges

DEVICES = ("/dev/full", "/dev/null", "/dev/random", "/dev/tty", "/dev/urandom", "/dev/zero")
LOOK_SECONDS = 0.5
LINE_BYTES = 1 << 16
FILE_BYTES = 4 << 30
OPEN_FILES = 4096

type Setup = dict[str, Any]


def main() -> None:
    """Run what is asked for until there is nothing more, until told to stop, or until whoever asks is gone."""
    owner, setup = os.getppid(), json.loads(sys.stdin.readline())
    family.adopt_orphans()
    ended, told = _bell(signal.SIGCHLD), []
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    runner = os.fork()
    if not runner:
        _run_all(setup)
        os._exit(0)
    while not told and os.getppid() == owner and not _has_ended(runner):
        select.select([ended], [], [], LOOK_SECONDS)
        _empty(ended)
    orphaned = os.getppid() != owner
    family.end(runner)
    if orphaned:
        shutil.rmtree(setup["scratch"], ignore_errors=True)


def _has_ended(runner: int) -> bool:
    """Collect children that have ended; return whether the runner was among them."""
    try:
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            if pid == runner:
                return True
    except ChildProcessError:
        return True
    return False


def _bell(number: int) -> int:
    """Return a descriptor that can be read from when a signal came."""
    reading, writing = os.pipe()
    for end in (reading, writing):
        os.set_blocking(end, False)
    signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    return reading


def _empty(descriptor: int) -> None:
    try:
        while os.read(descriptor, 64):
            pass
    except BlockingIOError:
        return


def _run_all(setup: Setup) -> None:
    os.setsid()
    ended = _bell(signal.SIGCHLD)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.chdir(setup["folder"])
    _say(landlock=_confine(setup))
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    for line in sys.stdin:
        asked = json.loads(line)
        script = Path(asked["path"])
        script.write_text(asked["script"])
        process = subprocess.Popen(
            [asked["shell"], str(script)],
            env=setup["environment"],
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
        )
        for text in _lines(reading, ended, process.poll):
            _say(line=text)
        _say(status=process.returncode)


def _confine(setup: Setup) -> int:
    """Set limits for this process and all it starts; return the version of Landlock that keeps them, 0 for none."""
    limits = ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, FILE_BYTES), (resource.RLIMIT_NOFILE, OPEN_FILES))
    for kind, wanted in (*limits, (resource.RLIMIT_DATA, setup["memory"])):
        most = resource.getrlimit(kind)[1]
        value = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(kind, (value, value))
    privileges.drop()
    found = landlock.version()
    if found:
        landlock.restrict(landlock.all_but(setup["hidden"]), [setup["scratch"], *DEVICES])
    return found


def _lines(reading: int, ended: int, has_ended: Callable[[], int | None]) -> Iterator[str]:
    """Yield what is written until the process has ended and all it wrote is read."""
    rest = b""
    while True:
        over = has_ended() is not None
        chunk = _available(reading)
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > LINE_BYTES:
            lines, rest = [*lines, rest], b""
        yield from (line.decode(errors="replace") for line in lines)
        if over and not chunk:
            break
        if not chunk:
            select.select([reading, ended], [], [], LOOK_SECONDS)
            _empty(ended)
    if rest:
        yield rest.decode(errors="replace")


def _available(reading: int) -> bytes:
    try:
        return os.read(reading, LINE_BYTES)
    except BlockingIOError:
        return b""


def _say(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
