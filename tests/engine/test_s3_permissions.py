"""S3: what a caller learns about objects that are not there."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local_engine import Engine

Clients = Callable[[str], Any]


def code(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    return str(refusal.value.response["Error"]["Code"])


def test_a_missing_object_is_forbidden_to_whoever_may_not_list(
    client: Clients, as_role: Callable[..., Clients], name: str
) -> None:
    client("s3").create_bucket(Bucket=name)
    get = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    missing = {"Bucket": name, "Key": "missing"}
    assert code(as_role(get)("s3").get_object, **missing) == "AccessDenied"
    assert code(as_role(get)("s3").head_object, **missing) == "403"
    lister = as_role(get, {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{name}"})("s3")
    assert code(lister.get_object, **missing) == "NoSuchKey"
    assert code(client("s3").get_object, **missing) == "NoSuchKey"


def test_who_may_list_uses_that_to_learn_what_is_missing(
    client: Clients, as_role: Callable[..., Clients], engine: Engine, name: str
) -> None:
    client("s3").create_bucket(Bucket=name)
    bucket = f"arn:aws:s3:::{name}"
    grants = [{"Action": "s3:GetObject", "Resource": f"{bucket}/*"}, {"Action": "s3:ListBucket", "Resource": bucket}]
    lister, reader = as_role(*grants), as_role(grants[0])
    for clients in (lister, reader):
        code(clients("s3").get_object, Bucket=name, Key="missing")
    logged = [each for each in engine.decisions() if (each["action"], each["resource"]) == ("s3:ListBucket", bucket)]
    assert [(each["principal"], each["decision"]) for each in logged] == [(lister.role_arn, "Allow")]  # type: ignore[attr-defined]
