"""The API of the repositories themselves: made, described, changed, tagged, deleted.

AWS: https://docs.aws.amazon.com/codecommit/latest/APIReference/API_Operations.html
"""

import shutil
import time
import uuid
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import kms

from scripts.local_engine.mends.codecommit import git, pushes, store
from scripts.local_engine.mends.codecommit.store import Refusal, Repository

type Fields = dict[str, Any]

_DESCRIPTION = 1000


def create(fields: Fields) -> Fields:
    """Make a repository; its clone URL is the address of its content in the engine's own directory.

    AWS: https://docs.aws.amazon.com/codecommit/latest/APIReference/API_CreateRepository.html - cloneUrlHttp is an
    https address that asks for credentials.
    """
    name = store.checked_name(fields)
    if name in store.repositories:
        raise Refusal("RepositoryNameExistsException", f"Repository named {name} already exists")
    now, directory = time.time(), store.directory(name)
    repository = {
        "accountId": get_account_id(),
        "repositoryId": str(uuid.uuid4()),
        "repositoryName": name,
        "creationDate": now,
        "lastModifiedDate": now,
        "cloneUrlHttp": directory.as_uri(),
        "cloneUrlSsh": f"ssh://git-codecommit.{get_region()}.amazonaws.com/v1/repos/{name}",
        "Arn": store.arn(name),
        "kmsKeyId": _key(fields.get("kmsKeyId")),
        "_tags": dict(fields.get("tags") or {}),
        "_comments": [],
    }
    _describe(repository, fields.get("repositoryDescription"))
    directory.parent.mkdir(parents=True, exist_ok=True)
    git.run(directory, "init", "--quiet", "--bare", "--initial-branch=main")
    git.run(directory, "config", "uploadpack.allowAnySHA1InWant", "true")
    pushes.install_hook(repository)
    store.repositories[name] = repository
    return {"repositoryMetadata": _shown(repository)}


def get(fields: Fields) -> Fields:
    """Describe a repository."""
    return {"repositoryMetadata": _shown(store.named(fields))}


def list_all(_fields: Fields) -> Fields:
    """Name every repository."""
    shown = ("repositoryName", "repositoryId")
    return {"repositories": [{key: each[key] for key in shown} for each in store.repositories.values()]}


def describe(fields: Fields) -> Fields:
    """Change a repository's description; an empty one is none."""
    repository = store.named(fields)
    _describe(repository, fields.get("repositoryDescription"))
    return {}


def encrypt(fields: Fields) -> Fields:
    """Change the key a repository is encrypted with."""
    repository = store.named(fields)
    if not fields.get("kmsKeyId"):
        raise Refusal("EncryptionKeyRequiredException", "An encryption key is required")
    before, repository["kmsKeyId"] = repository["kmsKeyId"], _key(fields["kmsKeyId"])
    shown = {key: repository[key] for key in ("repositoryId", "kmsKeyId")}
    return {**shown, "originalKmsKeyId": before}


def choose_branch(fields: Fields) -> Fields:
    """Make a branch the one that a clone checks out."""
    repository, branch = store.named(fields), fields.get("defaultBranchName") or ""
    if not branch:
        raise Refusal("BranchNameRequiredException", "A branch name is required")
    if not git.commit_of(store.content(repository), f"refs/heads/{branch}"):
        raise Refusal("BranchDoesNotExistException", f"Branch {branch} does not exist")
    pushes.make_default(repository, branch)
    return {}


def delete(fields: Fields) -> Fields:
    """Delete a repository and its content; the id is missing in the answer when there was none.

    AWS: https://docs.aws.amazon.com/codecommit/latest/APIReference/API_DeleteRepository.html
    """
    name = store.checked_name(fields)
    repository = store.repositories.pop(name, None)
    if repository is None:
        return {}
    shutil.rmtree(store.content(repository), ignore_errors=True)
    return {"repositoryId": repository["repositoryId"]}


def tag(fields: Fields) -> Fields:
    """Add tags."""
    store.by_arn(fields.get("resourceArn", ""))["_tags"].update(fields.get("tags") or {})
    return {}


def untag(fields: Fields) -> Fields:
    """Take tags away."""
    tags = store.by_arn(fields.get("resourceArn", ""))["_tags"]
    for key in fields.get("tagKeys") or []:
        tags.pop(key, None)
    return {}


def tags(fields: Fields) -> Fields:
    """Return a repository's tags."""
    return {"tags": store.by_arn(fields.get("resourceArn", ""))["_tags"]}


def _describe(repository: Repository, text: str | None) -> None:
    if text and len(text) > _DESCRIPTION:
        raise Refusal("InvalidRepositoryDescriptionException", f"A description has up to {_DESCRIPTION} characters")
    repository.pop("repositoryDescription", None)
    repository |= {"repositoryDescription": text} if text else {}
    repository["lastModifiedDate"] = time.time()


def _shown(repository: Repository) -> Repository:
    return {key: value for key, value in repository.items() if not key.startswith("_")}


def _key(reference: str | None) -> str:
    """Return the ARN of a customer's key, or of the key aws/codecommit, which AWS makes in every account."""
    if not reference:
        scope = f"{get_region()}:{get_account_id()}"
        return f"arn:aws:kms:{scope}:key/{uuid.uuid5(uuid.NAMESPACE_URL, f'alias/aws/codecommit:{scope}')}"
    key = kms._resolve_key(reference)
    if key is None:
        raise Refusal("EncryptionKeyNotFoundException", f"The encryption key {reference} was not found")
    return str(key["Arn"])
