"""S3: who may not list a bucket does not learn what is not in it, and notifications pass encrypted targets' keys."""

from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.core.router import extract_access_key_id
from ministack.services import s3, sns, sqs

from scripts.local_engine.authorization import Question, record, role_arn_of, service_may_use_keys
from scripts.local_engine.patching import Function, wrap

NOT_FOUND, FORBIDDEN = 404, 403


def apply() -> None:
    """Apply the mends of this file."""
    wrap(s3, "handle_request")(_handle_request)
    wrap(sqs, "queue_policy_allows")(_queue_lets)
    wrap(sns, "topic_policy_allows")(_topic_lets)


async def _handle_request(
    original: Function,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query_params: dict[str, Any],
    *rest: Any,
    **options: Any,
) -> Any:
    """Answer 403 for a missing object unless the caller may list the bucket.

    AWS: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (Permissions). Engine: always 404.
    """
    answer = await original(method, path, headers, body, query_params, *rest, **options)
    bucket, _, key = path.lstrip("/").partition("/")
    if answer[0] != NOT_FOUND or not key or not _tells_what_is_missing(method, answer[2]):
        return answer
    reason = _why_not_listed(extract_access_key_id(headers, query_params), f"arn:aws:s3:::{bucket}")
    return s3._error("AccessDenied", reason, FORBIDDEN) if reason else answer


def _tells_what_is_missing(method: str, body: bytes) -> bool:
    return method == "HEAD" or (method == "GET" and (b"NoSuchKey" in body or b"NoSuchVersion" in body))


def _why_not_listed(access_key_id: str, bucket_arn: str) -> str:
    """Return AWS's sentence for a caller without s3:ListBucket, "" for others.

    A role that has it was told by virtue of it, which is logged; one that lacks it has not asked for a list.
    """
    principal = iam_evaluator.resolve_principal(access_key_id or "", get_account_id())
    if isinstance(principal, iam_evaluator.AuthError) or principal.policies is None:
        return ""  # a request that was refused before, or the account's root
    request = iam_evaluator.EvalContext(
        principal.arn, principal.type, principal.account, "s3:ListBucket", bucket_arn, get_region()
    )
    decision = iam_evaluator.evaluate(request, principal.policies, *principal.limits).decision
    if decision == "Allow":
        if principal.type == "AssumedRole":
            record(role_arn_of(principal.arn), Question("s3:ListBucket", bucket_arn, "api", {}), decision)
        return ""
    return str(iam_actions.identity_denial_message("s3:ListBucket", principal.arn, bucket_arn, explicit_deny=False))


def _queue_lets(original: Function, queue_arn: str, service: str, source_arn: str, source_account: str) -> bool:
    """Let S3 and SNS deliver to an encrypted queue only when its key's policy does too.

    AWS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    Engine: asked the queue's policy only.
    """
    allowed = original(queue_arn, service, source_arn, source_account)
    return bool(allowed and service_may_use_keys(service, "sqs:SendMessage", queue_arn, source_arn))


def _topic_lets(original: Function, topic_arn: str, service: str, source_arn: str, source_account: str) -> bool:
    """Let S3 publish to an encrypted topic only when its key's policy does too, as for queues."""
    allowed = original(topic_arn, service, source_arn, source_account)
    return bool(allowed and service_may_use_keys(service, "sns:Publish", topic_arn, source_arn))
