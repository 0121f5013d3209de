"""Holds the pipeline's builds to their interface, to one version of each tool, and to what a repository has to have."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.package import ROOT
from scripts.sample_repository import OWN, SHARED

FOLDER = ROOT / "modules" / "workflows" / "gitops_pipeline" / "buildspecs"
FILES = {path.stem: path for path in FOLDER.iterdir()}
SCANS = ("policy_scan", "secret_scan", "dependency_audit", "unit_tests")
# What the state machine takes from a build.
EXPORTED = {
    "build": ["MANIFEST_KEY", "MANIFEST_VERSION"],
    "plan": ["PLAN_KEY", "PLAN_VERSION", "PLAN_SHA256", "PLAN_SUMMARY"],
}
# What a build is told, by its project or by the machine, or by CodeBuild itself.
TOLD = {
    **{scan: {"BUCKET", "REPORT_KEY"} for scan in SCANS},
    "build": {"BUCKET", "SIGNING_KEY", "RUN_ID", "REPOSITORY", "BRANCH"},
    "plan": set(),  # the rest is read by scripts/pipeline_deploy.py
    "apply": set(),
    "smoke_test": set(),  # TARGET_PREFIX, by the repository's own tests
    "mirror": {"REPOSITORY_URL"},
}
BY_CODEBUILD = {"CODEBUILD_RESOLVED_SOURCE_VERSION", "CODEBUILD_WEBHOOK_HEAD_REF"}
OF_THE_SHELL = {"PATH"}

each = pytest.mark.parametrize("name", FILES)


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILES[name].read_text())
    return found


def commands(name: str) -> list[str]:
    return [command for phase in read(name)["phases"].values() for command in phase["commands"]]


def test_there_is_one_for_each_project() -> None:
    assert set(FILES) == {*SCANS, "build", "plan", "apply", "smoke_test", "mirror"}


@each
def test_it_says_what_it_is_for_and_is_short(name: str) -> None:
    assert re.match(r"# [A-Z].+\.\n", FILES[name].read_text())
    assert len(commands(name)) <= 4


@each
def test_it_hands_out_what_the_machine_takes(name: str) -> None:
    assert read(name).get("env", {}).get("exported-variables", []) == EXPORTED.get(name, [])


@each
def test_it_uses_what_it_is_told_and_nothing_else(name: str) -> None:
    used = set(re.findall(r"\$(?!@)\{?([A-Z_]+)", "\n".join(commands(name))))
    assert used - BY_CODEBUILD - OF_THE_SHELL == TOLD[name]


@each
def test_python_is_that_of_the_functions(name: str) -> None:
    phase = read(name)["phases"].get("install", {"runtime-versions": {"python": None}})
    wanted = None if name == "mirror" else float((ROOT / ".python-version").read_text())
    assert phase["runtime-versions"]["python"] == wanted


@each
def test_a_repository_like_the_sample_has_all_that_it_needs(name: str) -> None:
    text = "\n".join(commands(name))
    files = [
        *re.findall(r"\brequirements/\w+\.txt", text),
        *(f"scripts/{module}.py" for module in re.findall(r"-m scripts\.(\w+)", text)),
    ]
    assert all(file in SHARED or (OWN / file).is_file() for file in files), files
    folders = re.findall(r"\btests/\w+", text)
    assert all((OWN / folder).is_dir() for folder in folders), folders


def test_what_is_installed_is_locked() -> None:
    installs = [line for name in FILES for command in commands(name) for line in re.findall("pip install .*", command)]
    assert installs
    assert all("--require-hashes" in line for line in installs)


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="runs the builds' command, which Linux has")
def test_terraform_is_one_version_for_each_processor_and_only_with_its_hash(tmp_path: Path) -> None:
    setup = (ROOT / ".github" / "actions" / "setup" / "action.yml").read_text()
    (version,) = re.findall(r"terraform_version: (.+)", setup)
    (install,) = {command for name in FILES for command in commands(name) if "terraform.zip" in command}
    (tmp_path / "sha256sum").symlink_to(shutil.which("sha256sum") or "")
    for machine, processor in {"aarch64": "arm64", "x86_64": "amd64"}.items():
        for program, line in {"uname": f"echo {machine}", "curl": 'echo other > "$2"; echo "$3" >> asked'}.items():
            (tmp_path / program).write_text(f"#!/bin/sh\n{line}\n")
            (tmp_path / program).chmod(0o755)
        refused = subprocess.run(
            ["/bin/sh", "-c", install], cwd=tmp_path, env={"PATH": str(tmp_path)}, capture_output=True, check=False
        )
        assert refused.returncode, "another zip is not unpacked"
        assert b"terraform.zip: FAILED" in refused.stdout
        asked = (tmp_path / "asked").read_text().splitlines()[-1]
        assert asked.endswith(f"/{version}/terraform_{version}_linux_{processor}.zip")


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_mirror_copies_a_push_and_never_goes_back(tmp_path: Path) -> None:
    clone, home = tmp_path / "clone", tmp_path / "home"
    home.mkdir()
    git(tmp_path, "init", "--quiet", "--bare", "mirrored.git")
    git(tmp_path, "init", "--quiet", "clone")
    older, newer = (
        (git(clone, "commit", "--quiet", "--allow-empty", "-m", text), git(clone, "rev-parse", "HEAD"))[1]
        for text in ("older", "newer")
    )

    def mirror(commit: str) -> int:
        told = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home),
            "REPOSITORY_URL": (tmp_path / "mirrored.git").as_uri(),
            "CODEBUILD_RESOLVED_SOURCE_VERSION": commit,
            "CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/main",
        }
        script = "\n".join(["set -e", *commands("mirror")])
        return subprocess.run(["sh", "-c", script], cwd=clone, env=told, capture_output=True, check=False).returncode

    assert mirror(newer) == 0
    assert git(tmp_path / "mirrored.git", "rev-parse", "refs/heads/main") == newer
    assert git(clone, "config", "--file", str(home / ".gitconfig"), "credential.helper") == (
        "!aws codecommit credential-helper $@"
    )
    assert mirror(older), "a build that was overtaken"
    assert git(tmp_path / "mirrored.git", "rev-parse", "refs/heads/main") == newer
