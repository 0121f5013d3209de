"""The engine's process: applies every mend to ministack, then serves until it is told to stop."""

import fcntl
import importlib
import os
import pkgutil
import signal
import sys
import threading
import time
from pathlib import Path
from typing import IO

from scripts.local_engine import mends


def main() -> None:
    """Serve with the environment that `process.Engine` prepared."""
    if owner := int(os.environ.get("ENGINE_OWNER", "0")):
        threading.Thread(target=end_with, args=(owner,), daemon=True).start()
    lock = hold_pid_file(Path(os.environ["ENGINE_DIRECTORY"]) / "engine.pid")
    apply_mends()
    app = importlib.import_module("ministack.app")  # reads its environment when imported, hence not before
    sys.argv = ["engine"]
    with lock:
        app.main()


def hold_pid_file(path: Path) -> IO[str]:
    """Write this process's id to `path` and lock it as long as the returned file is open: the sign of life."""
    file = path.open("a+")
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def end_with(owner: int) -> None:
    """End this process and the functions it runs when the process that started it is gone."""
    while os.getppid() == owner:
        time.sleep(1)
    os.killpg(os.getpid(), signal.SIGKILL)


def apply_mends() -> None:
    """Apply every module of `mends`, in the order of their names."""
    for module in sorted(pkgutil.iter_modules(mends.__path__), key=lambda found: found.name):
        importlib.import_module(f"{mends.__name__}.{module.name}").apply()


if __name__ == "__main__":
    main()
