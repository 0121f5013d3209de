"""Puts AWS's refusals into words of ours: what a moment's wait mends is transient, the rest is not."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004  # botocore's own name

from shared.queues.errors import KnownError, Refused, Transient

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html; besides, whatever throttles.
_BUSY = {
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "TransactionConflictException",
    "TransactionInProgressException",
}
_SERVER_ERROR = 500


@contextmanager
def translated() -> Iterator[None]:
    """Raise `Transient` or `Refused` for what a call of AWS raises; its own sentences may hold values of a message."""
    try:
        yield
    except ClientError as refusal:
        raise _in_our_words(refusal) from refusal
    except (ConnectionError, HTTPClientError) as trouble:
        raise Transient(f"the network: {type(trouble).__name__}") from trouble


def _in_our_words(refusal: ClientError) -> KnownError:
    code = refusal.response["Error"]["Code"]
    status = refusal.response["ResponseMetadata"].get("HTTPStatusCode", 0)
    kind = Transient if code in _BUSY or "Throttl" in code or status >= _SERVER_ERROR else Refused
    return kind(f"{refusal.operation_name}: {code}")
