"""The sandbox that builds run in: one folder to write to, nothing of the host's, and an end for every process."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts.local_engine import process
from scripts.local_engine.sandbox import Ended, Shell, landlock
from tests.engine.waiting import until

MEMORY = 1 << 30
WITH_LANDLOCK = pytest.mark.skipif(
    landlock.version() < landlock.ENOUGH, reason="needs a kernel that has Landlock 3 (Linux 6.2) switched on"
)
type Run = Callable[[str], tuple[int, list[str]]]


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def hidden(tmp_path: Path) -> Path:
    folder = tmp_path / "hidden"
    folder.mkdir()
    (folder / "state").write_text("secret")
    return folder


@pytest.fixture
def shell(scratch: Path, hidden: Path) -> Iterator[Shell]:
    with Shell(scratch, scratch, {"PATH": os.environ["PATH"], "OWN": "1"}, MEMORY, [hidden]) as shell:
        yield shell


@pytest.fixture
def run(shell: Shell) -> Run:
    def run(script: str) -> tuple[int, list[str]]:
        said: list[str] = []
        return shell.run(script, said.append), said

    return run


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_scripts_say_what_they_do(run: Run) -> None:
    assert run("echo one; echo two >&2; printf three") == (0, ["one", "two", "three"])
    assert run("exit 7") == (7, [])
    assert run("kill -9 $$") == (-9, [])
    assert run("no-such-command")[0] == 127


def test_the_environment_is_clean(run: Run) -> None:
    status, said = run("env")
    names = {line.partition("=")[0] for line in said}
    assert (status, names - {"PWD", "OLDPWD", "SHLVL", "_"}) == (0, {"PATH", "OWN"})


def test_a_background_process_is_no_reason_to_wait(run: Run, scratch: Path) -> None:
    assert run("sleep 600 & echo $! > pid; echo done")[1] == ["done"]
    assert run("kill $(cat pid)")[0] == 0, "the next script reaches what the last one started"
    assert until(lambda: not is_alive(int((scratch / "pid").read_text())))


@WITH_LANDLOCK
def test_nothing_is_written_outside_the_folder(run: Run, tmp_path: Path, shell: Shell) -> None:
    assert shell.is_confined
    (tmp_path / "theirs").write_text("theirs")
    assert run("mkdir inside && echo x > inside/file && mv inside/file . && ln -s ../theirs link")[0] == 0
    attempts = [
        f"echo x > {tmp_path}/new",
        f"echo x >> {tmp_path}/theirs",
        "echo x > link",
        f"rm {tmp_path}/theirs",
        f"mkdir {tmp_path}/folder",
        f"mv file {tmp_path}/moved",
        f"ln file {tmp_path}/linked",
        f"touch {process.ROOT}/new",
        "echo x > /tmp/written-by-a-build",
        f"{sys.executable} -c 'import os; os.truncate(\"{tmp_path}/theirs\", 0)'",
    ]
    assert [attempt for attempt in attempts if run(attempt)[0] == 0] == []
    assert (tmp_path / "theirs").read_text() == "theirs"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hidden", "scratch", "theirs"]
    assert run("echo x > /dev/null")[0] == 0


@WITH_LANDLOCK
def test_what_is_hidden_cannot_be_read(run: Run, hidden: Path, tmp_path: Path) -> None:
    (tmp_path / "beside").mkdir()
    assert run(f"cat {hidden}/state")[0] != 0
    assert run(f"ls {hidden}")[0] != 0
    assert run(f"ln {hidden}/state hardlink")[0] != 0
    assert run(f"cat /proc/{os.getpid()}/environ")[0] != 0
    assert run(f"cat {process.ROOT}/pyproject.toml")[0] == 0


@pytest.mark.skipif(landlock.version() < landlock.WITH_SCOPES, reason="needs Landlock 6 (Linux 6.12)")
def test_other_processes_are_out_of_reach(run: Run) -> None:
    assert run(f"kill -0 {os.getpid()}")[0] != 0
    assert run("kill -0 $$")[0] == 0


def test_memory_has_an_end(run: Run) -> None:
    status, said = run(f"{sys.executable} -c 'len(bytearray({2 * MEMORY}))'")
    assert (status, said[-1]) == (1, "MemoryError")


HIDING = """
import os, time
if not os.fork():
    os.setsid()
    if os.fork():
        os._exit(0)
    open("hidden-pid", "w").write(str(os.getpid()))
    time.sleep(600)
"""


HANGING = f"{sys.executable} hiding.py; trap '' TERM; echo $$ > pid; while :; do sleep 600; done"
OWNER = """
import sys
from pathlib import Path
from scripts.local_engine.sandbox import Shell
scratch = Path(sys.argv[1])
Shell(scratch, scratch, {"PATH": sys.argv[2]}, 1 << 30, []).run(sys.argv[3], print)
"""


def hung(scratch: Path) -> list[int]:
    """Return the ids of the processes that hang, once they do."""
    pids = [int(until(lambda path=scratch / name: read(path))) for name in ("pid", "hidden-pid")]
    assert all(is_alive(pid) for pid in pids)
    return pids


def read(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


def test_whatever_hangs_is_ended_with_all_it_started(shell: Shell, run: Run, scratch: Path) -> None:
    (scratch / "hiding.py").write_text(HIDING)
    with ThreadPoolExecutor() as other:
        running = other.submit(run, HANGING)
        pids = hung(scratch)
        shell.stop()
        with pytest.raises(Ended):
            running.result(10)
    assert [pid for pid in pids if is_alive(pid)] == []
    with pytest.raises(Ended):
        run("echo more")


def test_nothing_outlives_the_process_that_asked_for_it(scratch: Path) -> None:
    (scratch / "hiding.py").write_text(HIDING)
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(scratch), os.environ["PATH"], HANGING], cwd=process.ROOT)
    pids = hung(scratch)
    owner.kill()
    owner.wait()
    until(lambda: not any(is_alive(pid) for pid in pids))
    assert until(lambda: not scratch.exists()), "its folder goes, too"
