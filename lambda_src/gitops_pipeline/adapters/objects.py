"""The pipeline's bucket: reports, manifests, artifacts."""

import json
from hashlib import sha256

from shared.clients import client

_BLOCK_BYTES = 1 << 20


class Missing(Exception):
    """There is no such object."""


class TooLarge(Exception):
    """The object is larger than anything that would be written there."""


def read(bucket: str, key: str, limit: int, *, version_id: str = "") -> bytes:
    """Return an object of no more than `limit` bytes. Raises `Missing` or `TooLarge`."""
    s3 = client("s3")
    version = {"VersionId": version_id} if version_id else {}
    try:
        answer = s3.get_object(Bucket=bucket, Key=key, **version)
    except (s3.exceptions.NoSuchKey, s3.exceptions.ClientError) as refusal:
        if refusal.response["Error"]["Code"] in {"NoSuchKey", "NoSuchVersion"}:
            raise Missing(f"there is no {key}") from refusal
        raise
    if answer["ContentLength"] > limit:
        raise TooLarge(f"{key} has {answer['ContentLength']:,} bytes, the limit is {limit:,}")
    body: bytes = answer["Body"].read()
    return body


def digest(bucket: str, key: str, version_id: str) -> str:
    """Return the SHA-256 of one version of an object, read in blocks. Raises `Missing`."""
    s3, state = client("s3"), sha256()
    try:
        body = s3.get_object(Bucket=bucket, Key=key, VersionId=version_id)["Body"]
    except s3.exceptions.ClientError as refusal:
        if refusal.response["Error"]["Code"] in {"NoSuchKey", "NoSuchVersion"}:
            raise Missing(f"there is no {key} in version {version_id}") from refusal
        raise
    while block := body.read(_BLOCK_BYTES):
        state.update(block)
    return state.hexdigest()


def write_json(bucket: str, key: str, document: object) -> None:
    """Write an object's JSON document."""
    client("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(document).encode(), ContentType="application/json")
