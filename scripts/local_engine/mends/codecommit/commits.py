"""Branches, commits, files and differences, read from the repository's content.

AWS: https://docs.aws.amazon.com/codecommit/latest/APIReference/API_GetBranch.html and the pages of the others.
"""

import base64
import re
from pathlib import Path
from typing import Any

from scripts.local_engine.mends.codecommit import git, store
from scripts.local_engine.mends.codecommit.store import Refusal

type Fields = dict[str, Any]

_FILE_BYTES = 6 << 20
_PAGE = 100
_MODES = {"100644": "NORMAL", "100755": "EXECUTABLE", "120000": "SYMLINK"}
_PERSON = re.compile(r"(?P<name>.*) <(?P<email>.*)> (?P<date>\d+ [+-]\d{4})")


def get_branch(fields: Fields) -> Fields:
    """Return the commit that a branch is at."""
    repository, branch = store.named(fields), fields.get("branchName") or ""
    if not branch:
        raise Refusal("BranchNameRequiredException", "A branch name is required")
    commit = git.commit_of(store.content(repository), f"refs/heads/{branch}")
    if commit is None:
        raise Refusal("BranchDoesNotExistException", f"Branch {branch} does not exist")
    return {"branch": {"branchName": branch, "commitId": commit}}


def list_branches(fields: Fields) -> Fields:
    """Name every branch."""
    listed = git.run(store.content(store.named(fields)), "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads")
    return {"branches": listed.decode().splitlines()}


def get_commit(fields: Fields) -> Fields:
    """Describe a commit: who, when, what was said."""
    directory, commit = store.content(store.named(fields)), commit_id(fields, "commitId")
    if git.commit_of(directory, commit) is None:
        raise Refusal("CommitIdDoesNotExistException", f"The commit {commit} does not exist")
    head, _, message = git.run(directory, "cat-file", "commit", commit).decode(errors="replace").partition("\n\n")
    lines = [line.partition(" ")[::2] for line in head.splitlines() if not line.startswith(" ")]
    described = {key: value for key, value in lines if key in {"tree", "author", "committer"}}
    return {
        "commit": {
            "commitId": commit,
            "treeId": described["tree"],
            "parents": [value for key, value in lines if key == "parent"],
            "message": message,
            "author": _person(described["author"]),
            "committer": _person(described["committer"]),
            "additionalData": "",
        }
    }


def commit_id(fields: Fields, name: str) -> str:
    """Return the member of a request that must be a full commit id."""
    found = fields.get(name)
    if not found:
        raise Refusal("CommitIdRequiredException", "A commit ID is required")
    if not git.is_commit_id(found):
        raise Refusal("InvalidCommitIdException", f"{found} is not a valid commit ID")
    return str(found)


def get_file(fields: Fields) -> Fields:
    """Return a file of a commit, of up to 6 MB."""
    directory = store.content(store.named(fields))
    commit, path = _specified(directory, fields.get("commitSpecifier") or "HEAD"), fields.get("filePath") or ""
    if not path:
        raise Refusal("PathRequiredException", "A file path is required")
    listed = git.run(directory, "ls-tree", "-z", "--full-tree", commit, "--", path.lstrip("/")).decode()
    mode, kind, blob = listed.partition("\t")[0].split(" ") if listed else ("", "", "")
    if kind != "blob":
        raise Refusal("FileDoesNotExistException", f"Could not find path {path}")
    content = git.run(directory, "cat-file", "blob", blob)
    if len(content) > _FILE_BYTES:
        raise Refusal("FileTooLargeException", "The file exceeds the limit of 6 MB")
    return {
        "commitId": commit,
        "blobId": blob,
        "filePath": path,
        "fileMode": _MODES[mode],
        "fileSize": len(content),
        "fileContent": base64.b64encode(content).decode(),
    }


def get_differences(fields: Fields) -> Fields:
    """Return what differs between two commits, or between nothing and one; a page at a time."""
    directory = store.content(store.named(fields))
    after = _specified(directory, fields.get("afterCommitSpecifier") or "")
    before = fields.get("beforeCommitSpecifier")
    base = _specified(directory, before) if before else git.EMPTY_TREE
    paths = [path for path in (fields.get("beforePath"), fields.get("afterPath")) if path]
    raw = git.run(directory, "diff-tree", "-r", "-z", "--no-renames", base, f"{after}^{{tree}}", "--", *paths).decode()
    parts = raw.split("\0")[:-1]
    found = [_difference(head, path) for head, path in zip(parts[::2], parts[1::2], strict=True)]
    start, wanted = int(fields.get("NextToken") or 0), fields.get("MaxResults") or _PAGE
    more = {"NextToken": str(start + wanted)} if start + wanted < len(found) else {}
    return {"differences": found[start : start + wanted], **more}


def _difference(head: str, path: str) -> Fields:
    old_mode, mode, old_blob, blob, change = head.removeprefix(":").split(" ")
    before = {"beforeBlob": {"blobId": old_blob, "path": path, "mode": old_mode}} if change != "A" else {}
    after = {"afterBlob": {"blobId": blob, "path": path, "mode": mode}} if change != "D" else {}
    return {**before, **after, "changeType": "M" if change == "T" else change}


def _specified(directory: Path, specifier: str) -> str:
    if not specifier:
        raise Refusal("CommitRequiredException", "A commit is required")
    if commit := git.resolve(directory, specifier):
        return commit
    raise Refusal("CommitDoesNotExistException", f"Could not find commit {specifier}")


def _person(text: str) -> Fields:
    found = _PERSON.fullmatch(text)
    return found.groupdict() if found else {"name": text}
