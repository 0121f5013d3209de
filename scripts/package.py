"""Builds the zips Lambda runs, byte for byte the same wherever this Python runs: one per workflow, one layer per CPU.

Sources and dependencies are compiled here, with hashes that nothing checks at run time: without them a cold start costs
twice as much, and time stamps would neither survive the zip nor let two builds be equal.
https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation

The layers' wheels stay beside the zips: with PIP_NO_INDEX=1 and PIP_FIND_LINKS naming their folders, another clone
builds the same layers without a network.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = Path(__file__).resolve().parent.parent
PYTHON = (3, 13)  # Lambda's runtime `python3.13`: byte code of another minor version is ignored there
SHARED = "shared"
# Lambda's architecture -> the platform tag of wheels that its Amazon Linux runs.
PLATFORMS = {"arm64": "manylinux2014_aarch64", "x86_64": "manylinux2014_x86_64"}
# What pip leaves behind for itself: it differs between runs, and nothing reads it at run time.
PIP_NOTES = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first moment a zip can express
FILE_MODE = 0o100644 << 16


class PackageError(Exception):
    """A zip cannot be built here; the message is one sentence for the person at the keyboard."""


@dataclass(frozen=True)
class Package:
    """One zip to build: `stage` fills an empty folder with its content; the same `digest` means the same zip.

    `mount` is where Lambda unpacks it, which tracebacks then name. `wheels` is a folder that staging leaves behind.
    """

    name: str
    mount: str
    digest: str
    stage: Callable[[Path], None]
    wheels: Path | None = None


def build(output: Path, root: Path = ROOT) -> list[Path]:
    """Build the zips of the repository at `root` into `output` unless they are up to date; return all their paths.

    Raises PackageError when this is another Python than Lambda's, or when a dependency cannot be had.
    """
    if sys.version_info[:2] != PYTHON:
        wanted = ".".join(map(str, PYTHON))
        raise PackageError(f"Packages need Python {wanted}, as in Lambda; this is {sys.version.split()[0]}.")
    output.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor() as pool:
        return list(pool.map(partial(_bring_up_to_date, output), [*_workflows(root), *_layers(root, output)]))


def _workflows(root: Path) -> Iterable[Package]:
    source = root / "lambda_src"
    for folder in sorted(path for path in source.iterdir() if path.is_dir() and path.name[0] not in "._"):
        if folder.name != SHARED:
            files = [file for part in (folder, source / SHARED) for file in _sources(part)]
            digest = _digest(item for file in files for item in (str(file.relative_to(source)), file.read_bytes()))
            yield Package(folder.name, "/var/task", digest, partial(_copy, files, source))


def wheels(output: Path, architecture: str) -> Path:
    """Return where the wheels of an architecture's layer stay when it is built into `output`."""
    return output / "wheels" / architecture


def _layers(root: Path, output: Path) -> Iterable[Package]:
    requirements = root / "requirements" / "layer.txt"
    for architecture, platform in PLATFORMS.items():
        kept = wheels(output, architecture)
        yield Package(
            f"layer_{architecture}",
            "/opt",
            _digest([platform, requirements.read_bytes()]),
            partial(_install, requirements, platform, kept),
            kept,
        )


def _sources(folder: Path) -> list[Path]:
    """Return the files under `folder` that belong in a zip: no caches and nothing hidden."""
    files = (path for path in folder.rglob("*") if path.is_file())
    unwanted = ("__pycache__", ".")
    return sorted(file for file in files if not any(p.startswith(unwanted) for p in file.relative_to(folder).parts))


def _digest(parts: Iterable[str | bytes]) -> str:
    """Return one hash of `parts`, of this program and of the Python and zlib that write the bytes."""
    state = hashlib.sha256()
    for part in (Path(__file__).read_bytes(), sys.version, zlib.ZLIB_RUNTIME_VERSION, *parts):
        data = part if isinstance(part, bytes) else part.encode()
        state.update(len(data).to_bytes(8) + data)
    return state.hexdigest()


def _copy(files: Iterable[Path], source: Path, stage: Path) -> None:
    for file in files:
        target = stage / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def _install(requirements: Path, platform: str, kept: Path, stage: Path) -> None:
    """Install hash-locked wheels for `platform`, and keep them; nothing of a dependency is run, so any machine can."""
    target, fresh = stage / "python", stage.with_name("wheels")
    python = ["--implementation=cp", f"--python-version={'.'.join(map(str, PYTHON))}", f"--platform={platform}"]
    wanted = ["--require-hashes", "--no-deps", "--only-binary=:all:", *python, "-r", str(requirements)]
    _pip("download", *wanted, f"--dest={fresh}")
    _pip("install", *wanted, "--no-compile", "--no-index", f"--find-links={fresh}", f"--target={target}")
    shutil.rmtree(target / "bin", ignore_errors=True)
    shutil.rmtree(kept, ignore_errors=True)
    kept.parent.mkdir(exist_ok=True)
    fresh.rename(kept)


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--no-input", "--quiet"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        reasons = [line for line in result.stderr.splitlines() if line.startswith("ERROR")]
        reason = (reasons or ["pip gave no reason"])[0].removeprefix("ERROR: ")
        raise PackageError(f"The layer's dependencies cannot be had ({reason}): see to the network or pip's settings.")


def _bring_up_to_date(output: Path, package: Package) -> Path:
    """Build `package` unless its inputs and the zip made from them are as noted beside it, and its wheels are there."""
    target, note = output / f"{package.name}.zip", output / f"{package.name}.inputs"
    is_whole = target.is_file() and note.is_file() and (package.wheels is None or package.wheels.is_dir())
    if is_whole and note.read_text() == _note(package, target):
        return target
    with tempfile.TemporaryDirectory(dir=output) as scratch:
        stage, made = Path(scratch, "stage"), Path(scratch, "made.zip")
        stage.mkdir()
        package.stage(stage)
        _compile(stage, package.mount)
        _zip(stage, made)
        made.replace(target)
    note.write_text(_note(package, target))
    print(f"Built {target.name} ({target.stat().st_size / 1e6:.1f} MB).")
    return target


def _note(package: Package, target: Path) -> str:
    return f"{package.digest} {hashlib.sha256(target.read_bytes()).hexdigest()}\n"


def _compile(stage: Path, mount: str) -> None:
    """Compile in one fresh interpreter: what other code did before would show in the byte code."""
    options = ["-q", "--invalidation-mode=unchecked-hash", f"-s{stage}", f"-p{mount}", str(stage)]
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    subprocess.run([sys.executable, "-E", "-s", "-m", "compileall", *options], env=environment, check=True)


def _zip(stage: Path, target: Path) -> None:
    """Pack `stage` in one order, with one date and one mode, so that equal content makes equal bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        names = (path.relative_to(stage).as_posix() for path in stage.rglob("*") if path.is_file())
        for name in sorted(name for name in names if name.rpartition("/")[2] not in PIP_NOTES):
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, FILE_MODE, 3
            archive.writestr(entry, (stage / name).read_bytes())


def main() -> int:
    """Build every zip; return 0, or 1 after one sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m scripts.package", description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "build", help="where the zips go (%(default)s)")
    try:
        build(parser.parse_args().output)
    except PackageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
