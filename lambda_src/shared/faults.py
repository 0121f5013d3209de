"""Tells faults of AWS that pass by themselves from all others, under one name that state machines try again."""

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as NoConnection

_SERVER_ERROR = 500


class TransientFailure(Exception):
    """AWS was busy or out of reach for longer than its client tried; a little later the same call may succeed."""


def is_transient(error: Exception) -> bool:
    """Tell whether `error` is a lost connection, a server's fault, or a throttled call that its client gave up on.

    The client knows which refusals are worth another attempt, of every service; it marks the answer to its last one.
    https://boto3.amazonaws.com/v1/documentation/api/latest/guide/retries.html
    """
    if isinstance(error, ClientError):
        answer = error.response.get("ResponseMetadata", {})
        gave_up = answer.get("MaxAttemptsReached", False) or answer.get("RetryQuotaReached", False)
        return bool(gave_up or answer.get("HTTPStatusCode", 0) >= _SERVER_ERROR)
    return isinstance(error, HTTPClientError | IncompleteReadError | NoConnection)
