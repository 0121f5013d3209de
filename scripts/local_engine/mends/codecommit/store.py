"""What is known about each repository, and where the bare git repository with its content is."""

import re
import tempfile
from pathlib import Path
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region

type Repository = dict[str, Any]

ROOT = Path(tempfile.gettempdir()) / "codecommit"  # the engine's own, removed when it stops
_NAME = re.compile(r"[\w.-]{1,100}")
_SUFFIX = ".git"

repositories: Any = AccountRegionScopedDict()


class Refusal(Exception):
    """An error of the API: its code, and a sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def arn(name: str) -> str:
    """Return the ARN of a repository of the current account and region."""
    return f"arn:aws:codecommit:{get_region()}:{get_account_id()}:{name}"


def named(fields: dict[str, Any]) -> Repository:
    """Return the repository that a request names."""
    name = checked_name(fields)
    if name not in repositories:
        raise Refusal("RepositoryDoesNotExistException", f"{name} does not exist")
    found: Repository = repositories[name]
    return found


def checked_name(fields: dict[str, Any]) -> str:
    """Return the name in a request that can be a repository's."""
    name = fields.get("repositoryName")
    if not name:
        raise Refusal("RepositoryNameRequiredException", "A repository name is required")
    if not _NAME.fullmatch(name) or name.endswith(_SUFFIX):
        raise Refusal("InvalidRepositoryNameException", f"The repository name {name} is not valid")
    return str(name)


def by_arn(resource_arn: str) -> Repository:
    """Return the repository with an ARN."""
    if not resource_arn:
        raise Refusal("ResourceArnRequiredException", "A resource ARN is required")
    name = resource_arn.rpartition(":")[2]
    if resource_arn != arn(name):
        raise Refusal("InvalidResourceArnException", f"{resource_arn} is not the ARN of a repository")
    return named({"repositoryName": name})


def by_clone_url(url: str) -> Repository | None:
    """Return the repository that a clone URL, AWS's or the engine's, leads to; None when it leads to none."""
    found: Repository | None = repositories.get(url.rstrip("/").rpartition("/")[2].removesuffix(_SUFFIX))
    return found


def directory(name: str) -> Path:
    """Return where a repository of the current account and region has its content."""
    return Path(ROOT, get_account_id(), get_region(), f"{name}{_SUFFIX}")


def content(repository: Repository) -> Path:
    """Return where a repository has its content."""
    return directory(repository["repositoryName"])
