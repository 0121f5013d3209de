"""All the processes that one process is responsible for, however they hid from it."""

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

SECONDS = 5.0
_SET_CHILD_SUBREAPER = 36  # of prctl, https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, where the system can do so (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end(group: int) -> None:
    """Kill a process group and every descendant of this process, and wait until none is left."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
        for pid in _descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not _reap():
            return
        time.sleep(0.01)


def _reap() -> bool:
    """Collect the children that have ended; return whether any is left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _descendants(pid: int) -> list[int]:
    found = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            children = [int(child) for child in listed.read_text().split()]
            found += [each for child in children for each in (child, *_descendants(child))]
    return found
