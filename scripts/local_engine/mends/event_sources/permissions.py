"""What a poller needs from the function's role, asked when a mapping is made and again while it polls.

AWS: the poller uses the execution role, see
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions,
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html#events-dynamodb-permissions and
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-read-stream-only.html.
Engine: it read queues and streams as root.
"""

import time
from typing import Any

from ministack.services import lambda_svc

from scripts.local_engine.authorization import Decision, role_allows

RECHECK_SECONDS = 5.0
QUEUE_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
STREAM_ACTIONS = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")

# When each mapping's permissions were last found sufficient, by its id.
_allowed_at: dict[str, float] = {}
_refused: set[str] = set()  # the ids of those whose permissions were not


def may_read(role: str, source_arn: str) -> Decision:
    """Decide whether a role may do all that polling a queue or a table's stream takes, with its key too."""
    if ":sqs:" in source_arn:
        needed = [(action, source_arn) for action in QUEUE_ACTIONS]
    else:  # ListStreams is about all streams of the table
        listing = ("dynamodb:ListStreams", f"{source_arn.rpartition('/')[0]}/*")
        needed = [*((action, source_arn) for action in STREAM_ACTIONS), listing]
    decisions = (role_allows(role, action, resource, via="lambda") for action, resource in needed)
    return next((decision for decision in decisions if not decision), Decision("Allow"))


def may_poll(mapping: dict[str, Any], role: str) -> bool:
    """Decide the same for a mapping in use, every few seconds; one that may not says so meanwhile."""
    now, key = time.monotonic(), mapping["UUID"]
    if now - _allowed_at.get(key, -RECHECK_SECONDS) < RECHECK_SECONDS:
        return True
    allowed = may_read(role, mapping["EventSourceArn"])
    if not allowed:
        mapping["LastProcessingResult"] = f"PROBLEM: {allowed.reason}"
        lambda_svc._esm_backoff_until[key] = time.time() + RECHECK_SECONDS
        _refused.add(key)
        return False
    if key in _refused:
        _refused.discard(key)
        mapping["LastProcessingResult"] = "No records processed"
    _allowed_at[key] = now
    return True
