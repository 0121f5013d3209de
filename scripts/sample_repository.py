"""A small repository like this one, for the GitOps pipeline to deploy: composed, changed and pushed by demo and tests.

It has this repository's building blocks, build specifications and tools, and a function of its own, whose files are in
`scripts/demo/sample_repository`. Each push holds all of that and one change; what an earlier change did is gone again.
"""

import os
import random
import re
import shutil
import string
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.deployment import ROOT

PREFIX = "workflows-sample-"  # of the names of all that is deployed
FUNCTION = f"{PREFIX}greeter"
OWN = ROOT / "scripts" / "demo" / "sample_repository"
SHARED = (
    ".checkov.yaml",
    ".gitignore",
    ".python-version",
    "environments/local/.terraform.lock.hcl",
    "modules/bucket",
    "modules/failure_queue",
    "modules/foundation",
    "modules/lambda_function",
    "modules/topic",
    "modules/workflows/gitops_pipeline/buildspecs",
    "requirements/dev.txt",
    "requirements/lint.txt",
    "scripts/__init__.py",
    "scripts/aws.py",
    "scripts/package.py",
    "scripts/pipeline_deploy.py",
    "scripts/pipeline_manifest.py",
    "scripts/pipeline_report.py",
    "scripts/secret_rules.toml",
    "scripts/terraform.py",
)
_GREETING = "lambda_src/greeter/domain/greeting.py"
_VALUES = "environments/local/main.tf"
_VERSION = re.compile(r"^VERSION = (\d+)$", re.MULTILINE)
_BUCKET = """\
# A bucket for everybody.
resource "aws_s3_bucket" "downloads" {
  bucket = "workflows-sample-downloads"
}

resource "aws_s3_bucket_acl" "downloads" {
  bucket = aws_s3_bucket.downloads.id
  acl    = "public-read"
}
"""


class GitError(Exception):
    """Git cannot do something; the message is the command and git's own words."""


@dataclass(frozen=True)
class Change:
    """What one commit does to the repository's files, and its message."""

    message: str
    edit: Callable[[Path], object]


class Sample:
    """A clone of the repository at `clone_url`, in the folder `path`, which is made if it is missing.

    Raises GitError.
    """

    def __init__(self, path: Path, clone_url: str, branch: str = "main") -> None:
        self.path = path
        self.clone_url = clone_url
        self.branch = branch
        path.mkdir(parents=True, exist_ok=True)
        self._git("clone", "--quiet", "--no-checkout", clone_url, ".")
        if self._git("branch", "--remotes", "--list", f"origin/{branch}"):
            self._git("checkout", "--quiet", "-B", branch, f"origin/{branch}")

    @property
    def version(self) -> int:
        """The version of the greeting that was pushed last; 1 before the first push."""
        return _version(self.path) if (self.path / _GREETING).exists() else 1

    def push(self, change: Change) -> str:
        """Commit the whole repository with a change, push it, and return the commit's id. Raises GitError."""
        version = self.version
        self._git("rm", "-r", "--quiet", "--ignore-unmatch", ".")
        compose(self.path)
        _set_version(self.path, version)
        change.edit(self.path)
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message", change.message)
        self._git("push", "--quiet", self.clone_url, f"HEAD:refs/heads/{self.branch}")
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *arguments: str) -> str:
        """Run git with nothing of whoever's machine this is; return what it writes. Raises GitError."""
        who = {"NAME": "Ada Lovelace", "EMAIL": "ada@example.com"}
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.devnull,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{role}_{name}": value for role in ("AUTHOR", "COMMITTER") for name, value in who.items()},
        }
        command = ["git", *arguments]
        try:
            done = subprocess.run(command, cwd=self.path, env=environment, capture_output=True, text=True, check=False)
        except FileNotFoundError as error:
            raise GitError("git is needed, and is not on the PATH: install it") from error
        if done.returncode:
            raise GitError(f"git {arguments[0]}: {done.stderr.strip()}")
        return done.stdout


def compose(path: Path) -> None:
    """Write the repository's files into a folder."""
    for name in SHARED:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            _copy_folder(ROOT / name, path / name)
        else:
            shutil.copyfile(ROOT / name, path / name)
    _copy_folder(OWN, path)


def unchanged() -> Change:
    """Change nothing: the repository as it is, or as it was before a change that did harm."""
    return Change("Greet people by their names", lambda _: None)


def next_version() -> Change:
    """Make a good change: the next version of the greeting."""
    return Change("Make the next version of the greeting", lambda path: _set_version(path, _version(path) + 1))


def plant_secret() -> Change:
    """Commit an access key: one that nobody has, made here, so that this repository holds none."""
    key = "AKIA" + "".join(random.SystemRandom().choices(string.ascii_uppercase + string.digits, k=16))
    text = f'"""How to get at everything."""\n\nKEY = "{key}"\n'
    return Change("Add a key", lambda path: (path / "lambda_src" / "greeter" / "access.py").write_text(text))


def break_unit_test() -> Change:
    """Make a mistake that a unit test sees."""
    return Change("Do not touch names", lambda path: _replace(path / _GREETING, "name.strip()", "name"))


def violate_policy() -> Change:
    """Add what the policy scan refuses: a bucket that everybody may read."""
    return Change(
        "Offer downloads", lambda path: (path / "environments" / "local" / "downloads.tf").write_text(_BUCKET)
    )


def fail_smoke_test() -> Change:
    """Make a mistake in the environment's values that only the smoke test sees: a greeting that names nobody."""
    return Change("Greet everybody alike", lambda path: _replace(path / _VALUES, "Hello, {name}!", "Hello!"))


def fail_in_canary() -> Change:
    """Make a mistake in the environment's values with which each call fails, so that the errors' alarm fires."""
    return Change("Greet more warmly", lambda path: _replace(path / _VALUES, "Hello, {name}!", "Dear {nmae}!"))


def _copy_folder(source: Path, target: Path) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".terraform"), dirs_exist_ok=True)


def _version(path: Path) -> int:
    return int(_VERSION.findall((path / _GREETING).read_text())[0])


def _set_version(path: Path, version: int) -> None:
    file = path / _GREETING
    file.write_text(_VERSION.sub(f"VERSION = {version}", file.read_text()))


def _replace(file: Path, old: str, new: str) -> None:
    """Replace a text that is there. Raises ValueError where it is not."""
    text = file.read_text()
    if old not in text:
        raise ValueError(f"{file} does not say {old!r}")
    file.write_text(text.replace(old, new))
