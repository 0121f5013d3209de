"""Pushes: what git accepted becomes an event, whoever pushed it with whichever git.

`POST /_local/codecommit/pushes {"repository": "arn:…", "updates": [["old id", "new id", "refs/heads/main"]]}` is
how the hook in a repository tells. AWS asks whoever pushes for codecommit:GitPush; a repository here is a directory,
which its owner may write to.
"""

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core.concurrency import run_reentrant
from ministack.core.responses import get_account_id, request_scope

from scripts.local_engine.mends.codecommit import git, store
from scripts.local_engine.mends.codecommit.events import announce
from scripts.local_engine.mends.codecommit.store import Refusal, Repository
from scripts.local_engine.patching import Function, wrap

PATH = "/_local/codecommit/pushes"
HOOK = Path(__file__).with_name("post_receive.py")
_KINDS = {"refs/heads/": "branch", "refs/tags/": "tag"}


def apply() -> None:
    """Apply the mends of this file."""
    wrap(app, "_handle_admin_config_request")(_pushed)


def install_hook(repository: Repository) -> None:
    """Let git tell the engine of every push to a repository, if the engine is still there."""
    command = shlex.join([sys.executable, "-I", "-S", str(HOOK), os.environ["AWS_ENDPOINT_URL"] + PATH])
    hook = store.content(repository) / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{command} {shlex.quote(repository['Arn'])} || :\n")
    hook.chmod(0o755)


def make_default(repository: Repository, branch: str) -> None:
    """Make a branch the one that a clone checks out."""
    repository["defaultBranch"] = branch
    git.run(store.content(repository), "symbolic-ref", "HEAD", f"refs/heads/{branch}")


async def _pushed(original: Function, path: str, method: str, body: bytes) -> Any:
    """Announce what was pushed. Engine: nothing of the kind."""
    if path != PATH or method != "POST":
        return await original(path, method, body)
    told = json.loads(body)
    status = await run_reentrant(_announce_all, told["repository"], told["updates"])
    return status, {"Content-Type": "application/json"}, b"{}"


def _announce_all(repository_arn: str, updates: list[list[str]]) -> int:
    *_, region, account, name = repository_arn.split(":")
    with request_scope(account, region):
        try:
            repository = store.named({"repositoryName": name})
        except Refusal:
            return 404
        for old, new, reference in updates:
            if kind := next((kind for prefix, kind in _KINDS.items() if reference.startswith(prefix)), None):
                _announce(repository, kind, old, new, reference)
    return 200


def _announce(repository: Repository, kind: str, old: str, new: str, reference: str) -> None:
    """Tell of a branch or tag that came, moved or went; the first branch of all becomes the default.

    AWS: https://docs.aws.amazon.com/codecommit/latest/userguide/monitoring-events.html#referenceCreated, and the
    caller of its schema: https://docs.aws.amazon.com/cdk/api/v2/docs/@aws-cdk_mixins-preview.aws_codecommit.events.CodeCommitRepositoryStateChange.html
    """
    name = reference.split("/", 2)[2]
    directory = store.content(repository)
    before, after = (None if each == git.NOTHING else git.commit_of(directory, each) or each for each in (old, new))
    if kind == "branch" and after and "defaultBranch" not in repository:
        make_default(repository, name)
    event = "referenceUpdated" if before and after else "referenceCreated" if after else "referenceDeleted"
    detail = {
        "event": event,
        "referenceType": kind,
        "referenceName": name,
        "referenceFullName": reference,
        **({"commitId": after} if after else {}),
        **({"oldCommitId": before} if before else {}),
        "callerUserArn": f"arn:aws:iam::{get_account_id()}:root",
    }
    announce(repository, "CodeCommit Repository State Change", detail)
