"""Landlock: what a process and all it starts may read, write and signal, kept by the Linux kernel.

https://docs.kernel.org/userspace-api/landlock.html. There is no wrapper in C's library; the numbers of the system
calls are the same on every architecture that Python runs on.
"""

import ctypes
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ENOUGH = 3  # the first version that keeps files from being truncated (Linux 6.2)
WITH_SCOPES = 6  # the first version that keeps signals in (Linux 6.12)
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1  # flag of the first
_PATH_BENEATH = 1  # kind of rule for the second
_NO_NEW_PRIVILEGES = 38  # of prctl
_READ = 0b1101  # execute, read a file, list a directory
_OF_FILES = 0b1100000000000111  # the rights that a file can have: execute, write, read, truncate, control a device
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many rights each version knows; later ones know no more
_SCOPES = 0b11  # no abstract sockets and no signals across the border


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("access", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version() -> int:
    """Return the kernel's version of Landlock, 0 where there is none."""
    return max(0, _call(_CREATE_RULESET, None, 0, _VERSION)) if sys.platform == "linux" else 0


def restrict(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Let this process, and all it starts, reach nothing but these files and folders, for good. Raises OSError."""
    known = version()
    everything = (1 << _RIGHTS.get(known, max(_RIGHTS.values()))) - 1
    attributes = _Ruleset(everything, 0, _SCOPES if known >= WITH_SCOPES else 0)
    size = ctypes.sizeof(attributes) if known >= WITH_SCOPES else 8
    ruleset = _checked(_call(_CREATE_RULESET, ctypes.byref(attributes), size, 0))
    for paths, access in ((readable, _READ), (writable, everything)):
        for path in paths:
            _allow(ruleset, path, access)
    _checked(ctypes.CDLL(None, use_errno=True).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _checked(_call(_RESTRICT_SELF, ruleset, 0, 0))
    os.close(ruleset)


def all_but(hidden: Iterable[str]) -> list[str]:
    """Return what to make readable so that everything is, but some files and folders.

    A rule holds for all that is below a folder, so that each folder on the way to what is hidden is left out, and what
    is beside that way is named one by one. Links are not: what they lead to has a place of its own.
    """
    paths = {Path(path).resolve() for path in hidden}
    ways = {str(way) for path in paths for way in path.parents}
    return list(_beside("/", {str(path) for path in paths}, ways)) if paths else ["/"]


def _beside(folder: str, hidden: set[str], ways: set[str]) -> Iterator[str]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.path in hidden or entry.is_symlink():
            continue
        if entry.path in ways:
            yield from _beside(entry.path, hidden, ways)
        else:
            yield entry.path


def _allow(ruleset: int, path: str, access: int) -> None:
    """Add a rule; what has gone meanwhile needs none."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        of_kind = access if stat.S_ISDIR(os.fstat(place).st_mode) else access & _OF_FILES
        rule = _PathBeneath(of_kind, place)
        _checked(_call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(place)


def _call(*arguments: object) -> int:
    found: int = ctypes.CDLL(None, use_errno=True).syscall(*arguments)
    return found


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
