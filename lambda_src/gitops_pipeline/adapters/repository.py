"""CodeCommit: where a branch is now, and whose a commit is."""

from gitops_pipeline.domain.authorship import Authorship
from shared.clients import client

_CLIPPED = 200


def tip(repository: str, branch: str) -> str:
    """Return a branch's newest commit, "" if there is no such branch."""
    codecommit = client("codecommit")
    try:
        found: str = codecommit.get_branch(repositoryName=repository, branchName=branch)["branch"]["commitId"]
    except codecommit.exceptions.BranchDoesNotExistException:
        return ""
    return found


def authorship(repository: str, commit: str) -> Authorship:
    """Return where a commit comes from."""
    found = client("codecommit").get_commit(repositoryName=repository, commitId=commit)["commit"]
    author, lines = found.get("author", {}), found.get("message", "").strip().splitlines()
    name, address = author.get("name", "").strip(), author.get("email", "").strip()
    signed = f"{name} <{address}>" if address else name
    parent = next(iter(found.get("parents") or []), "")
    return Authorship(signed[:_CLIPPED], lines[0][:_CLIPPED] if lines else "", parent)
