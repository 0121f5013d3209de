"""Reading and tagging objects."""

import pytest
from botocore.exceptions import ClientError

from tests.engine.conftest import Clients


@pytest.mark.parametrize("versioned", [False, True], ids=["the object", "one version of it"])
def test_a_range_of_an_object_is_that_range(client: Clients, name: str, versioned: bool) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    where = {"Bucket": name, "Key": "digits"}
    version = s3.put_object(**where, Body=b"0123456789")["VersionId"]
    if versioned:
        s3.put_object(**where, Body=b"abcdefghij")
        where["VersionId"] = version

    answer = s3.get_object(**where, Range="bytes=2-4")
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["ContentRange"]) == (206, "bytes 2-4/10")
    assert answer["Body"].read() == b"234"
    with pytest.raises(ClientError, match="InvalidRange"):
        s3.get_object(**where, Range="bytes=10-")


@pytest.mark.parametrize("versioning", ["Enabled", "Suspended"])
def test_an_object_uploaded_in_parts_has_its_uploads_tags(client: Clients, name: str, versioning: str) -> None:
    s3, where = client("s3"), {"Bucket": name, "Key": "parts"}
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": versioning})
    upload = where | {"UploadId": s3.create_multipart_upload(**where, Tagging="team=data&note=a+b")["UploadId"]}
    part = {"PartNumber": 1, "ETag": s3.upload_part(**upload, PartNumber=1, Body=b"x")["ETag"]}
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [part]})
    tags = [{"Key": "team", "Value": "data"}, {"Key": "note", "Value": "a b"}]
    assert s3.get_object_tagging(**where)["TagSet"] == tags
