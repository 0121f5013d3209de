"""Comments on the difference between two commits, which is how a build tells people what became of a commit.

AWS: https://docs.aws.amazon.com/codecommit/latest/APIReference/API_PostCommentForComparedCommit.html,
https://docs.aws.amazon.com/codecommit/latest/APIReference/API_GetCommentsForComparedCommit.html
"""

import time
import uuid
from typing import Any

from scripts.local_engine import caller
from scripts.local_engine.mends.codecommit import commits, git, store
from scripts.local_engine.mends.codecommit.events import announce
from scripts.local_engine.mends.codecommit.store import Refusal, Repository

type Fields = dict[str, Any]

_CHARACTERS = 10_240
_ASKED = ("beforeCommitId", "afterCommitId", "location", "content")


def post(fields: Fields) -> Fields:
    """Comment on the changes between two commits, or on the first commit of all; once for each request token."""
    repository = store.named(fields)
    token, content = fields.get("clientRequestToken") or str(uuid.uuid4()), fields.get("content")
    asked = {name: fields[name] for name in _ASKED if fields.get(name)}
    if not content:
        raise Refusal("CommentContentRequiredException", "The comment is empty")
    if len(content) > _CHARACTERS:
        raise Refusal("CommentContentSizeLimitExceededException", f"A comment has up to {_CHARACTERS} characters")
    _check(repository, fields)
    known = next((each for each in repository["_comments"] if each["clientRequestToken"] == token), None)
    if known and known["_asked"] != asked:
        raise Refusal("IdempotencyParameterMismatchException", "The token was used with other parameters")
    comment = known or _write(repository, asked, token)
    place = {name: value for name, value in asked.items() if name != "content"}
    return {"repositoryName": repository["repositoryName"], **place, "comment": _shown(comment)}


def get(fields: Fields) -> Fields:
    """Return what was said about the changes between two commits."""
    repository = store.named(fields)
    _check(repository, fields)
    wanted = {name: fields[name] for name in _ASKED[:2] if fields.get(name)}
    said: dict[str, Fields] = {}
    for comment in repository["_comments"]:
        place = {name: value for name, value in comment["_asked"].items() if name != "content"}
        if wanted.items() <= place.items():
            entry = {"repositoryName": repository["repositoryName"], **place, "comments": []}
            said.setdefault(repr(place), entry)["comments"].append(_shown(comment))
    return {"commentsForComparedCommitData": list(said.values())}


def _check(repository: Repository, fields: Fields) -> None:
    """Refuse commits that are none, or the same."""
    wanted = [commits.commit_id(fields, "afterCommitId")]
    if fields.get("beforeCommitId"):
        wanted.append(commits.commit_id(fields, "beforeCommitId"))
    for commit in wanted:
        if git.commit_of(store.content(repository), commit) is None:
            raise Refusal("CommitDoesNotExistException", f"The commit {commit} does not exist")
    if len(wanted) != len(set(wanted)):
        raise Refusal("BeforeCommitIdAndAfterCommitIdAreSameException", "Both commit IDs are the same")


def _write(repository: Repository, asked: Fields, token: str) -> Fields:
    now = time.time()
    comment = {
        "commentId": f"{uuid.uuid4()}:{uuid.uuid4()}",
        "content": asked["content"],
        "creationDate": now,
        "lastModifiedDate": now,
        "authorArn": caller.arn(),
        "deleted": False,
        "clientRequestToken": token,
        "callerReactions": [],
        "reactionCounts": {},
        "_asked": asked,
    }
    repository["_comments"].append(comment)
    detail = {name: asked[name] for name in _ASKED[:2] if name in asked}
    detail |= {"event": "commentOnCommitCreated", "commentId": comment["commentId"]}
    announce(repository, "CodeCommit Comment on Commit", {**detail, "callerUserArn": comment["authorArn"]})
    return comment


def _shown(comment: Fields) -> Fields:
    return {name: value for name, value in comment.items() if not name.startswith("_")}
