"""Puts EC2's refusals into the core's words: what is gone, what has changed meanwhile, what passes by itself."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from shared.backoff import full_jitter
from shared.clients import client
from shared.faults import TransientFailure, is_transient
from shared.operations.acting import Skip, Vanished

# https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-error-codes.html
_CHANGED = {
    "IncorrectInstanceState",
    "IncorrectState",
    "InvalidSnapshot.InUse",
    "InvalidVolume.ZoneMismatch",
    "VolumeInUse",
}
# Limits that wait for snapshots to end; botocore does not try these again.
_LATER = {"ConcurrentSnapshotLimitExceeded", "ResourceLimitExceeded", "SnapshotCreationPerVolumeRateExceeded"}
_THROTTLED = {"EC2ThrottledException", "RequestLimitExceeded", "Throttling", "ThrottlingException"}
_ATTEMPTS = 8


@contextmanager
def asked() -> Iterator[None]:
    """Raise `Vanished`, `Skip` or `TransientFailure` for what a call of EC2 raises; other refusals pass as they are."""
    try:
        yield
    except ClientError as refusal:
        error = refusal.response["Error"]
        if error["Code"].endswith("NotFound"):
            raise Vanished from refusal
        if error["Code"] in _CHANGED:
            raise Skip(f"{error['Code']}: {error.get('Message', '')}") from refusal
        if error["Code"] in _LATER:
            raise TransientFailure(f"{error['Code']}: {error.get('Message', '')}") from refusal
        raise


def make(operation: str, *, region: str | None = None, **call: Any) -> Any:  # noqa: ANN401  # botocore's
    """Call an operation that makes something and takes no client token, such as `create_snapshot`, for what it answers.

    `region` is another one than the function's own.
    botocore would send it again after a lost answer or a server's error, and something would be made twice. Here only
    throttling is tried again, which says that nothing was made; whatever leaves that open is raised, for a later
    attempt to look.
    """
    for delay in islice(full_jitter(), _ATTEMPTS):
        try:
            return getattr(client("ec2", once=True, region=region), operation)(**call)
        except ClientError as refusal:
            # True of every only attempt: it says nothing here.
            refusal.response["ResponseMetadata"].pop("MaxAttemptsReached", None)
            if refusal.response["Error"]["Code"] not in _THROTTLED:
                raise
        time.sleep(delay)
    raise TransientFailure(f"{operation} is throttled")


def passes(error: Exception) -> bool:
    """Tell whether a fault passes by itself: the `is_transient` of a `Worker`."""
    return isinstance(error, TransientFailure) or is_transient(error)
