"""Git repositories of CodeCommit, pushed to with plain git."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

GIT = {
    "PATH": os.environ["PATH"],
    "HOME": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "Ada Lovelace"),
    **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "ada@example.com"),
    **dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-01-02T03:04:05+0100"),
}


class Clone:
    """A clone of a repository, with whose files a test does what people do."""

    def __init__(self, directory: Path, metadata: dict[str, Any]) -> None:
        self.directory = directory
        self.name: str = metadata["repositoryName"]
        self.arn: str = metadata["Arn"]
        self.url: str = metadata["cloneUrlHttp"]
        self.run("clone", "--quiet", self.url, ".")

    def run(self, *arguments: str) -> str:
        """Run git in the clone; return what it wrote on both streams."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.directory, env=GIT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def commit(self, files: dict[str, str], message: str = "Change") -> str:
        """Commit files; return the commit's id."""
        for path, text in files.items():
            (self.directory / path).parent.mkdir(parents=True, exist_ok=True)
            (self.directory / path).write_text(text)
        self.run("add", "--all")
        self.run("commit", "--quiet", "--message", message)
        return self.run("rev-parse", "HEAD").strip()

    def push(self, files: dict[str, str], branch: str = "main") -> str:
        """Commit files and push them as a branch; return the commit's id."""
        commit = self.commit(files)
        self.run("push", "--quiet", self.url, f"HEAD:refs/heads/{branch}")
        return commit


class Repositories:
    """Makes repositories for one test session."""

    def __init__(self, client: Callable[[str], Any], directory: Path) -> None:
        self._codecommit = client("codecommit")
        self._directory = directory

    def make(self, **settings: Any) -> Clone:
        """Make a repository; return a clone of it."""
        name = f"repository-{uuid4().hex[:12]}"
        made = self._codecommit.create_repository(repositoryName=name, **settings)["repositoryMetadata"]
        (self._directory / name).mkdir()
        return Clone(self._directory / name, made)
