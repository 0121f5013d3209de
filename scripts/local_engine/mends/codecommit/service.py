"""CodeCommit's API, which the engine lacks.

AWS: https://docs.aws.amazon.com/codecommit/latest/APIReference/Welcome.html (JSON 1.1). What is not in `OPERATIONS`
(pull requests, approval rules, triggers, commits by API) is not served here.
Engine: "Unsupported service: codecommit".
"""

import json
from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.core import iam_actions, router
from ministack.core.concurrency import run_reentrant

from scripts.local_engine.mends.codecommit import comments, commits, repositories
from scripts.local_engine.mends.codecommit.store import Refusal
from scripts.local_engine.patching import add_entry

NAME = "codecommit"
TARGET_PREFIX = "CodeCommit_20150413"
OPERATIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "CreateRepository": repositories.create,
    "DeleteRepository": repositories.delete,
    "GetBranch": commits.get_branch,
    "GetCommentsForComparedCommit": comments.get,
    "GetCommit": commits.get_commit,
    "GetDifferences": commits.get_differences,
    "GetFile": commits.get_file,
    "GetRepository": repositories.get,
    "ListBranches": commits.list_branches,
    "ListRepositories": repositories.list_all,
    "ListTagsForResource": repositories.tags,
    "PostCommentForComparedCommit": comments.post,
    "TagResource": repositories.tag,
    "UntagResource": repositories.untag,
    "UpdateDefaultBranch": repositories.choose_branch,
    "UpdateRepositoryDescription": repositories.describe,
    "UpdateRepositoryEncryptionKey": repositories.encrypt,
}
_HEADERS = {"Content-Type": "application/x-amz-json-1.1"}

type Answer = tuple[int, dict[str, str], bytes]


def apply() -> None:
    """Add the service: where its requests are recognised, authorised and served."""
    patterns = {"target_prefixes": [TARGET_PREFIX], "host_patterns": [r"codecommit\."], "credential_scope": NAME}
    add_entry(router.SERVICE_PATTERNS, NAME)(patterns)
    add_entry(iam_actions.SERVICE_TO_IAM_NAMESPACE, NAME)(NAME)
    add_entry(app.SERVICE_HANDLERS, NAME)(_handle_request)


async def _handle_request(_method: str, _path: str, headers: dict[str, str], body: bytes, _query: Any) -> Answer:
    """Serve a request away from the event loop, as git takes its time."""
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    answer: Answer = await run_reentrant(_serve, operation, body)
    return answer


def _serve(operation: str, body: bytes) -> Answer:
    try:
        answer = OPERATIONS.get(operation, _unknown)(json.loads(body or b"{}"))
    except Refusal as refusal:
        error = {"__type": refusal.code, "message": refusal.sentence}
        return 400, dict(_HEADERS), json.dumps(error).encode()
    return 200, dict(_HEADERS), json.dumps(answer).encode()


def _unknown(_fields: dict[str, Any]) -> dict[str, Any]:
    raise Refusal("UnknownOperationException", "The operation is not served here")
