"""Git itself, run on a repository's content without anything of whoever's machine this is."""

import os
import re
import subprocess
from pathlib import Path

ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "LC_ALL": "C",
    "HOME": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
}
NOTHING = "0" * 40  # the id of what was not there before, or is not there any more
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_COMMIT_ID = re.compile(r"[0-9a-f]{40}")


class GitError(Exception):
    """What git has to say about its failure."""


def run(directory: Path, *arguments: str) -> bytes:
    """Return what a git command on the repository in a directory writes. Raises GitError."""
    done = subprocess.run(
        ["git", f"--git-dir={directory}", *arguments], env=ENVIRONMENT, capture_output=True, check=False
    )
    if done.returncode:
        raise GitError(done.stderr.decode(errors="replace").strip())
    return done.stdout


def is_commit_id(text: str) -> bool:
    """Say whether a text has the form of a full commit id."""
    return bool(_COMMIT_ID.fullmatch(text))


def commit_of(directory: Path, reference: str) -> str | None:
    """Return the id of the commit that a full reference, or a full commit id, leads to; None when there is none."""
    try:
        return run(directory, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}").decode().strip()
    except GitError:
        return None


def resolve(directory: Path, specifier: str) -> str | None:
    """Return the commit that a commit id, a branch, a tag or a full reference names; None when it names none."""
    if is_commit_id(specifier) or specifier == "HEAD" or specifier.startswith("refs/"):
        return commit_of(directory, specifier)
    return commit_of(directory, f"refs/heads/{specifier}") or commit_of(directory, f"refs/tags/{specifier}")
