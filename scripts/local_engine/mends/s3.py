"""S3: a range of an object's version is that range."""

from http import HTTPStatus
from typing import Any

from ministack.services import s3

from scripts.local_engine.patching import Function, wrap

type Answer = tuple[int, dict[str, str], bytes]


def apply() -> None:
    """Apply the mends of this file."""
    wrap(s3, "_get_object")(_range_of_a_version)


def _range_of_a_version(
    original: Function, bucket_name: str, key: str, headers: dict[str, str], query_params: Any
) -> Answer:
    """Answer a ranged read of a version with 206 and the range, or 416 where nothing of it exists.

    AWS: `Range` means the same with and without `versionId`
    (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
    Engine: with a `versionId` it answered 200 and the whole object.
    """
    status, answered, body = original(bucket_name, key, headers, query_params)
    wanted = headers.get("range")
    if status != HTTPStatus.OK or not wanted:
        return status, answered, body
    found = s3._parse_range(wanted, len(body))
    if found is None:
        unsatisfiable = {"Content-Type": "application/xml", "Content-Range": f"bytes */{len(body)}"}
        return (
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            unsatisfiable,
            s3._xml_body(s3._range_error_xml(bucket_name, key)),
        )
    start, end = found
    whole = {name: value for name, value in answered.items() if not name.lower().startswith("x-amz-checksum-")}
    part = {"Content-Length": str(end - start + 1), "Content-Range": f"bytes {start}-{end}/{len(body)}"}
    return HTTPStatus.PARTIAL_CONTENT, whole | part, body[start : end + 1]
