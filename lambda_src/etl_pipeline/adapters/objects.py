"""Reads and writes the workflow's objects in S3, in flat memory."""

import json
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Self

from shared.clients import client

_PART_BYTES = 8 << 20


def read(bucket: str, key: str, *, version_id: str | None = None, span: tuple[int, int] | None = None) -> bytes:
    """Return an object's bytes, or those of the range `span` (start, end); an empty range is not asked for."""
    if span and span[0] == span[1]:
        return b""
    where = _where(bucket, key, version_id)
    if span:
        where["Range"] = f"bytes={span[0]}-{span[1] - 1}"
    body: bytes = client("s3").get_object(**where)["Body"].read()
    return body


def read_json(bucket: str, key: str) -> Any:  # noqa: ANN401  # JSON
    """Return an object's JSON document."""
    return json.loads(read(bucket, key))


def blocks(bucket: str, key: str, size: int, *, version_id: str | None = None) -> Iterator[bytes]:
    """Stream an object in blocks of `size` bytes."""
    body = client("s3").get_object(**_where(bucket, key, version_id))["Body"]
    while block := body.read(size):
        yield block


def ranges(bucket: str, key: str, total: int, size: int) -> Iterator[bytes]:
    """Read an object of `total` bytes by separate requests of `size` bytes, so that many may be open at once."""
    for start in range(0, total, size):
        yield read(bucket, key, span=(start, min(start + size, total)))


def write(bucket: str, key: str, body: bytes | bytearray) -> None:
    """Write an object at once."""
    client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def write_json(bucket: str, key: str, document: object) -> None:
    """Write an object's JSON document."""
    write(bucket, key, json.dumps(document).encode())


def copy(bucket: str, key: str, version_id: str, to_key: str) -> None:
    """Copy one version of an object (up to 5 GiB) within the bucket; its tags stay behind: they need permissions."""
    source = {"Bucket": bucket, "Key": key, "VersionId": version_id}
    client("s3").copy_object(Bucket=bucket, Key=to_key, CopySource=source, TaggingDirective="REPLACE")


def _where(bucket: str, key: str, version_id: str | None) -> dict[str, str]:
    return {"Bucket": bucket, "Key": key} | ({"VersionId": version_id} if version_id else {})


class ObjectWriter:
    """Writes an object of unknown size: in parts of 8 MiB, at once if it is smaller; not at all after an error."""

    def __init__(self, bucket: str, key: str) -> None:
        self._where = {"Bucket": bucket, "Key": key}
        self._buffer = bytearray()
        self._upload_id = ""
        self._parts: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def write(self, data: bytes) -> None:
        """Append to the object."""
        self._buffer += data
        if len(self._buffer) >= _PART_BYTES:
            self._send_part()

    def copying(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass the blocks on while writing them."""
        for block in blocks:
            self.write(block)
            yield block

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is not None:
            if self._upload_id:
                client("s3").abort_multipart_upload(**self._where, UploadId=self._upload_id)
        elif not self._upload_id:
            client("s3").put_object(**self._where, Body=bytes(self._buffer))
        else:
            self._send_part()
            parts = {"Parts": self._parts}
            client("s3").complete_multipart_upload(**self._where, UploadId=self._upload_id, MultipartUpload=parts)

    def _send_part(self) -> None:
        if not self._upload_id:
            self._upload_id = client("s3").create_multipart_upload(**self._where)["UploadId"]
        number = len(self._parts) + 1
        body, self._buffer = bytes(self._buffer), bytearray()
        part = client("s3").upload_part(**self._where, UploadId=self._upload_id, PartNumber=number, Body=body)
        self._parts.append({"PartNumber": number, "ETag": part["ETag"]})
