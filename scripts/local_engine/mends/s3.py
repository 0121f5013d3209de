"""S3: a range of an object's version is that range, and what is uploaded in parts has its tags."""

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from ministack.services import s3

from scripts.local_engine.patching import Function, wrap

type Answer = tuple[int, dict[str, str], bytes]


def apply() -> None:
    """Apply the mends of this file."""
    wrap(s3, "_get_object")(_range_of_a_version)
    wrap(s3, "_create_multipart_upload")(_remember_tags)
    wrap(s3, "_complete_multipart_upload")(_tag_what_was_uploaded)


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


def _remember_tags(original: Function, bucket_name: str, key: str, headers: dict[str, str]) -> Answer:
    """Keep the tags that an upload in parts begins with.

    AWS: `x-amz-tagging` is the object's set of tags
    (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html).
    Engine: forgot them, so that Terraform wanted to tag every zip of more than 5 MB again.
    """
    answer: Answer = original(bucket_name, key, headers)
    if answer[0] == HTTPStatus.OK and (begun := re.search(rb"<UploadId>(.+?)</UploadId>", answer[2])):
        s3._multipart_uploads[begun[1].decode()]["tags"] = dict(parse_qsl(headers.get("x-amz-tagging", "")))
    return answer


def _tag_what_was_uploaded(
    original: Function, bucket_name: str, key: str, body: bytes, query_params: Any, headers: Any = None
) -> Answer:
    """Give the object its upload's tags."""
    tags = s3._multipart_uploads.get(s3._qp(query_params, "uploadId"), {}).get("tags")
    answer: Answer = original(bucket_name, key, body, query_params, headers)
    if tags and answer[0] == HTTPStatus.OK:
        s3._object_tags[bucket_name, key, answer[1].get("x-amz-version-id")] = tags
    return answer
