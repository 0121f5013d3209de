"""Parameter Store: public parameters, and permissions by parameter, path and tag."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.denials import denied

Clients = Callable[[str], Any]
AsRole = Callable[..., Any]
LATEST = "/aws/service/ami-amazon-linux-latest"
PARAMETER = "arn:aws:ssm:us-east-1:000000000000:parameter"


def allow(action: str, resource: str, **conditions: Any) -> dict[str, Any]:
    return {"Action": f"ssm:{action}", "Resource": resource, **({"Condition": conditions} if conditions else {})}


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_the_newest_amazon_linux(client: Clients, architecture: str) -> None:
    names = [f"{LATEST}/al2023-ami-{kernel}-{architecture}" for kernel in ("kernel-default", "minimal-kernel-default")]
    found = client("ssm").get_parameter(Name=names[0])["Parameter"]
    assert found["ARN"] == f"arn:aws:ssm:us-east-1::parameter{names[0]}"
    assert found["DataType"] == "aws:ec2:image"
    many = client("ssm").get_parameters(Names=[*names, f"{LATEST}/no"])
    assert ([each["Name"] for each in many["Parameters"]], many["InvalidParameters"]) == (names, [f"{LATEST}/no"])
    [image] = client("ec2").describe_images(ImageIds=[found["Value"]])["Images"]
    assert (image["Architecture"], image["ImageOwnerAlias"]) == (architecture, "amazon")
    assert "al2023" in image["Name"]


def test_public_parameters_by_path(client: Clients) -> None:
    pages = (
        client("ssm").get_paginator("get_parameters_by_path").paginate(Path=LATEST, PaginationConfig={"PageSize": 3})
    )
    names = [each["Name"] for page in pages for each in page["Parameters"]]
    assert f"{LATEST}/al2023-ami-kernel-default-arm64" in names
    assert len(names) == len(set(names))


def test_public_parameters_belong_to_no_account(as_role: AsRole) -> None:
    name = f"{LATEST}/al2023-ami-kernel-default-x86_64"
    as_role(allow("GetParameter", f"arn:aws:ssm:us-east-1::parameter{LATEST}/*"))("ssm").get_parameter(Name=name)
    wrong = as_role(allow("GetParameter*", f"{PARAMETER}{LATEST}/*"))("ssm")
    denied(wrong.get_parameter, Name=name)
    denied(wrong.get_parameters, Names=[name])


def test_a_path_is_permitted_as_a_whole(client: Clients, as_role: AsRole, name: str) -> None:
    client("ssm").put_parameter(Name=f"/{name}/a/b", Value="v", Type="String")
    mine = as_role(allow("GetParametersByPath", f"{PARAMETER}/{name}/*"))("ssm")
    [found] = mine.get_parameters_by_path(Path=f"/{name}/a", Recursive=True)["Parameters"]
    assert found["Name"] == f"/{name}/a/b"
    message = denied(mine.get_parameters_by_path, Path=f"/{name}", Recursive=True)
    assert f"ssm:GetParametersByPath on resource: {PARAMETER}/{name} because" in message
    denied(mine.get_parameters_by_path, Path="/other")
    denied(mine.get_parameter, Name=f"/{name}/a/b")


def test_secrets_below_a_path_need_their_key(client: Clients, as_role: AsRole, name: str) -> None:
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    client("ssm").put_parameter(Name=f"/{name}/secret", Value="v", Type="SecureString", KeyId=key)
    read = allow("GetParametersByPath", f"{PARAMETER}/{name}")
    request = {"Path": f"/{name}", "WithDecryption": True}
    assert f"kms:Decrypt on resource: {key}" in denied(as_role(read)("ssm").get_parameters_by_path, **request)
    context = {"StringEquals": {"kms:EncryptionContext:PARAMETER_ARN": f"{PARAMETER}/{name}/secret"}}
    use = {"Action": "kms:Decrypt", "Resource": key, "Condition": context}
    [found] = as_role(read, use)("ssm").get_parameters_by_path(**request)["Parameters"]
    assert found["Value"] == "v"
    [hidden] = as_role(read)("ssm").get_parameters_by_path(Path=f"/{name}")["Parameters"]
    assert hidden["Value"] != "v"


def test_tags_of_a_parameter_permit(client: Clients, as_role: AsRole, name: str) -> None:
    mine = {"StringEquals": {"aws:ResourceTag/owner": "ada"}}
    reader = as_role(allow("GetParameter", f"{PARAMETER}/*", **mine))("ssm")
    for owner in ("ada", "bert"):
        tags = [{"Key": "owner", "Value": owner}]
        client("ssm").put_parameter(Name=f"/{name}/{owner}", Value="v", Type="String", Tags=tags)
    reader.get_parameter(Name=f"/{name}/ada")
    denied(reader.get_parameter, Name=f"/{name}/bert")


def test_writing_tagged_parameters_asks_for_the_tags(as_role: AsRole, name: str) -> None:
    condition = {"StringEquals": {"aws:RequestTag/owner": "ada"}}
    writing = allow("PutParameter", f"{PARAMETER}/{name}/*", **condition)
    tagging = allow("AddTagsToResource", f"{PARAMETER}/{name}/*")
    parameter = {"Name": f"/{name}/p", "Value": "v", "Type": "String", "Tags": [{"Key": "owner", "Value": "ada"}]}
    assert "ssm:AddTagsToResource" in denied(as_role(writing)("ssm").put_parameter, **parameter)
    writer = as_role(writing, tagging)("ssm")
    denied(writer.put_parameter, **{**parameter, "Tags": [{"Key": "owner", "Value": "bert"}]})
    writer.put_parameter(**parameter)
    with pytest.raises(ClientError, match="already exists"):
        writer.put_parameter(**parameter)


def test_deleting_asks_for_each_parameter(client: Clients, as_role: AsRole, name: str) -> None:
    for parameter in ("a", "b"):
        client("ssm").put_parameter(Name=f"/{name}/{parameter}", Value="v", Type="String")
    ssm = as_role(allow("DeleteParameters", f"{PARAMETER}/{name}/a"))("ssm")
    assert f"{PARAMETER}/{name}/b" in denied(ssm.delete_parameters, Names=[f"/{name}/a", f"/{name}/b"])
    assert ssm.delete_parameters(Names=[f"/{name}/a"])["DeletedParameters"] == [f"/{name}/a"]
