"""The sample repository: whole, pushed as people push, and each change does what it says and nothing more."""

import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import package, sample_repository
from scripts.package import ROOT
from scripts.pipeline_report import secrets
from scripts.sample_repository import OWN, SHARED, Change, Sample

BAD = {
    sample_repository.plant_secret: {"lambda_src/greeter/access.py"},
    sample_repository.break_unit_test: {"lambda_src/greeter/domain/greeting.py"},
    sample_repository.violate_policy: {"environments/local/downloads.tf"},
    sample_repository.fail_smoke_test: {"environments/local/main.tf"},
    sample_repository.fail_in_canary: {"environments/local/main.tf"},
}
PIN = re.compile(r"^\S+==\S+ .*\n(?: .*\n?)+", re.MULTILINE)


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """An empty bare repository."""
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    return tmp_path / "remote.git"


@pytest.fixture
def sample(tmp_path: Path, remote: Path) -> Sample:
    return Sample(tmp_path / "clones" / "sample", remote.as_uri())


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def changed(remote: Path, before: str, after: str) -> set[str]:
    return set(git(remote, "diff", "--name-only", before, after).splitlines())


def test_a_push_is_the_whole_repository_by_somebody_on_the_branch(sample: Sample, remote: Path) -> None:
    commit = sample.push(sample_repository.unchanged())
    assert git(remote, "rev-parse", "refs/heads/main") == commit
    author, message = git(remote, "log", "-1", "--format=%an%n%s", commit).splitlines()
    assert (author, message) == ("Ada Lovelace", "Greet people by their names")
    files = set(git(remote, "ls-tree", "-r", "--name-only", commit).splitlines())
    assert {name for name in SHARED if (ROOT / name).is_file()} < files
    own = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", str(OWN.relative_to(ROOT))).splitlines()
    assert {str((ROOT / name).relative_to(OWN)) for name in own} < files
    assert not any("__pycache__" in name for name in files)


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_a_bad_change_is_gone_with_the_next_push(sample: Sample, remote: Path, make: Callable[[], Change]) -> None:
    good = sample.push(sample_repository.unchanged())
    bad = sample.push(make())
    assert changed(remote, good, bad) == BAD[make]
    mended = sample.push(sample_repository.next_version())
    assert changed(remote, good, mended) == {"lambda_src/greeter/domain/greeting.py"}
    assert git(remote, "rev-list", "--count", mended) == "3"


def test_each_good_change_is_another_version_also_from_another_clone(
    sample: Sample, remote: Path, tmp_path: Path
) -> None:
    assert sample.version == 1
    sample.push(sample_repository.unchanged())
    sample.push(sample_repository.next_version())
    sample.push(sample_repository.break_unit_test())
    assert sample.version == 2
    another = Sample(tmp_path / "another", remote.as_uri(), branch="main")
    another.push(sample_repository.next_version())
    assert another.version == 3


def test_what_git_refuses_is_said(sample: Sample, remote: Path) -> None:
    sample.push(sample_repository.unchanged())
    (remote / "hooks" / "pre-receive").write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    (remote / "hooks" / "pre-receive").chmod(0o755)
    with pytest.raises(sample_repository.GitError, match=r"(?s)^git push: .*not today"):
        sample.push(sample_repository.next_version())


def test_a_machine_without_git_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(sample_repository.GitError, match=r"^git is needed, and is not on the PATH"):
        Sample(tmp_path / "clone", "file:///nowhere")


def test_what_is_pushed_twice_is_two_commits(sample: Sample) -> None:
    assert sample.push(sample_repository.unchanged()) != sample.push(sample_repository.unchanged())


def test_the_planted_secret_is_found_and_nobody_s(sample: Sample, remote: Path) -> None:
    assert secrets(remote, sample.push(sample_repository.unchanged())) == []
    [first] = secrets(remote, commit := sample.push(sample_repository.plant_secret()))
    assert (first.id, first.file) == ("aws-access-key", "lambda_src/greeter/access.py")
    key = git(remote, "show", f"{commit}:{first.file}")
    assert key != git(remote, "show", f"{sample.push(sample_repository.plant_secret())}:{first.file}")


def test_its_layer_is_a_part_of_ours_and_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, its = (
        set(PIN.findall(f"{path.read_text()}\n"))
        for path in (ROOT / "requirements" / "layer.txt", OWN / "requirements" / "layer.txt")
    )
    assert its
    assert {pin.strip() for pin in its} <= {pin.strip() for pin in ours}
    sample_repository.compose(tmp_path)
    monkeypatch.setattr(package, "PLATFORMS", {"arm64": package.PLATFORMS["arm64"]})
    package.build(ROOT / "build")
    for name, value in {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": package.wheels(ROOT / "build", "arm64").as_uri(),
    }.items():
        monkeypatch.setenv(name, value)
    greeter, layer = package.build(tmp_path / "build", tmp_path)
    for archive in (greeter, layer):
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(tmp_path / "task")
    code = (
        f"import sys; sys.path[:0] = {[f'{tmp_path}/task', f'{tmp_path}/task/python']}; import greeter.handlers.greet"
    )
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)
