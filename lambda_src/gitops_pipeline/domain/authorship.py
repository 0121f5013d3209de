"""Where a commit comes from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Authorship:
    """Who wrote a commit, its message's first line, and the commit that it follows, "" for a repository's first."""

    author: str
    message: str
    parent: str = ""
