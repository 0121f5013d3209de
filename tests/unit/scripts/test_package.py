"""The packager: the same bytes wherever and however often it runs, and zips that Lambda can import."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts import package
from scripts.package import PIP_NOTES, ROOT, PackageError, build

SOURCES = {
    "shared/__init__.py": "X = 1\n",
    "thing/__init__.py": "",
    "thing/handler.py": "from shared import X\n\ndef handler(event, context):\n    return X\n",
    "thing/words.txt": "data travels too\n",
    "thing/__pycache__/handler.cpython-313.pyc": "stale",
    "thing/.hidden": "",
    ".cache/x.py": "",
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one workflow and no dependencies, at a path with a hidden folder in it."""
    monkeypatch.setattr(package, "PLATFORMS", {})
    root = tmp_path / ".hidden" / "repository"
    for name, text in SOURCES.items():
        path = root / "lambda_src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_workflow_s_zip_holds_its_sources_the_shared_ones_and_byte_code(repository: Path, tmp_path: Path) -> None:
    (path,) = build(tmp_path / "out", repository)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [
            "shared/__init__.py",
            "shared/__pycache__/__init__.cpython-313.pyc",
            "thing/__init__.py",
            "thing/__pycache__/__init__.cpython-313.pyc",
            "thing/__pycache__/handler.cpython-313.pyc",
            "thing/handler.py",
            "thing/words.txt",
        ]
        assert {entry.date_time for entry in archive.infolist()} == {package.EARLIEST}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}


def test_the_zip_imports_in_an_isolated_interpreter_from_its_byte_code(repository: Path, tmp_path: Path) -> None:
    (path,) = build(tmp_path / "out", repository)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "task")
    (tmp_path / "task" / "thing" / "handler.py").write_text("raise SystemExit('the source was read')\n")
    code = "import sys; sys.path.insert(0, sys.argv[1]); from thing.handler import handler; print(handler(None, None))"
    command = [sys.executable, "-I", "-S", "-c", code, str(tmp_path / "task")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "1\n"


def test_nothing_is_built_again_until_something_changes(repository: Path, tmp_path: Path) -> None:
    (path,) = build(tmp_path, repository)
    first, bytes_before = path.stat().st_mtime_ns, path.read_bytes()
    build(tmp_path, repository)
    assert path.stat().st_mtime_ns == first
    path.write_bytes(b"broken")
    build(tmp_path, repository)
    assert path.read_bytes() == bytes_before
    (repository / "lambda_src" / "shared" / "__init__.py").write_text("X = 2\n")
    build(tmp_path, repository)
    assert path.read_bytes() != bytes_before


def test_another_python_is_refused(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "PYTHON", (3, 99))
    with pytest.raises(PackageError, match=r"^Packages need Python 3\.99, as in Lambda; this is 3\."):
        build(tmp_path, repository)


def test_a_failed_download_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(PackageError, match=r"^The layer's dependencies cannot be had \(.+\): see to the network"):
        build(tmp_path)
    assert not list(tmp_path.glob("layer_*"))


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No registry, but the wheels that are left of the real layers."""
    build(ROOT / "build")
    links = " ".join(package.wheels(ROOT / "build", name).as_uri() for name in package.PLATFORMS)
    for name, value in {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": links}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("offline")
def test_the_real_packages_are_the_same_offline_in_another_folder_umask_and_time_zone(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    for folder in ("lambda_src", "requirements", "scripts"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "scripts.package"]
    subprocess.run(command, cwd=copy, env=os.environ | {"TZ": "Pacific/Auckland"}, umask=0o077, check=True)
    made = sorted((copy / "build").glob("*.zip"))
    assert {"layer_arm64.zip", "layer_x86_64.zip"} < {path.name for path in made}
    for path in made:
        assert path.read_bytes() == (ROOT / "build" / path.name).read_bytes(), path.name


@pytest.mark.usefixtures("offline")
def test_a_layer_is_built_again_when_its_wheels_are_gone(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "PLATFORMS", {"arm64": "manylinux2014_aarch64"})
    (repository / "requirements").mkdir()
    (pin,) = re.findall(r"(?m)^tzdata==(?:.*\\\n)+.*\n", (ROOT / "requirements" / "layer.txt").read_text())
    (repository / "requirements" / "layer.txt").write_text(pin)
    kept, output = package.wheels(tmp_path / "out", "arm64"), tmp_path / "out"
    layer = build(output, repository)[-1]
    first = layer.read_bytes()
    assert [wheel.name.partition("-")[0] for wheel in kept.iterdir()] == ["tzdata"]
    assert {path.name for path in output.iterdir() if path.is_dir()} == {"wheels"}, "nothing else is left"
    shutil.rmtree(kept)
    assert build(output, repository)[-1].read_bytes() == first
    assert kept.is_dir()


def test_the_layer_holds_python_packages_and_none_of_pip_s_notes() -> None:
    with zipfile.ZipFile(build(ROOT / "build")[-1]) as archive:
        names = archive.namelist()
    assert {"python/boto3/__init__.py", "python/aws_lambda_powertools/__pycache__/__init__.cpython-313.pyc"} <= set(
        names
    )
    assert all(name.startswith("python/") for name in names)
    assert not PIP_NOTES & {name.rpartition("/")[2] for name in names}
