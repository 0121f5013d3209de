"""A host acts with its profile's role, and policies can tell one host from another."""

import urllib.error
from typing import Any

import boto3
import pytest

from scripts.local_engine import Engine
from tests.engine.denials import denied
from tests.engine.hosts import Hosts

PARAMETER = "arn:aws:ssm:us-east-1:000000000000:parameter"


@pytest.fixture
def profile(client: Any, name: str, make_role: Any) -> str:
    """A profile whose hosts may read the parameters that are tagged with their own ARN."""
    own = {"StringEquals": {"aws:ResourceTag/instance": "${ec2:SourceInstanceARN}"}}
    tagged = {"Action": "ssm:GetParameter", "Resource": f"{PARAMETER}/{name}/*", "Condition": own}
    role = make_role(tagged, trust="ec2.amazonaws.com").rpartition("/")[2]
    made = client("iam").create_instance_profile(InstanceProfileName=role)["InstanceProfile"]
    client("iam").add_role_to_instance_profile(InstanceProfileName=role, RoleName=role)
    return str(made["Arn"])


def session(engine: Engine, given: dict[str, Any], service: str) -> Any:
    keys = (given["AccessKeyId"], given["SecretAccessKey"], given["Token"])
    return boto3.Session(*keys, "us-east-1").client(service, endpoint_url=engine.url)


def test_a_host_reads_its_own_parameters_only(
    engine: Engine, hosts: Hosts, client: Any, name: str, profile: str
) -> None:
    mine, other = (hosts.run(IamInstanceProfile={"Arn": profile})["InstanceId"] for _ in range(2))
    for instance in (mine, other):
        tags = [{"Key": "instance", "Value": f"arn:aws:ec2:us-east-1:000000000000:instance/{instance}"}]
        client("ssm").put_parameter(Name=f"/{name}/{instance}", Value="v", Type="String", Tags=tags)
    given = hosts.credentials(mine)
    assert session(engine, given, "sts").get_caller_identity()["Arn"].endswith(f"/{mine}")
    ssm = session(engine, given, "ssm")
    assert ssm.get_parameter(Name=f"/{name}/{mine}")["Parameter"]["Value"] == "v"
    denied(ssm.get_parameter, Name=f"/{name}/{other}")


def test_a_role_that_is_no_host_has_no_instance(client: Any, name: str, as_role: Any) -> None:
    client("ssm").put_parameter(Name=f"/{name}", Value="v", Type="String", Tags=[{"Key": "instance", "Value": "x"}])
    own = {"StringEquals": {"aws:ResourceTag/instance": "${ec2:SourceInstanceARN}"}}
    read = {"Action": "ssm:GetParameter", "Resource": "*"}
    denied(as_role({**read, "Condition": own})("ssm").get_parameter, Name=f"/{name}")
    own["StringEquals"]["aws:ResourceTag/instance"] = "${ec2:SourceInstanceARN, 'x'}"
    as_role({**read, "Condition": own})("ssm").get_parameter(Name=f"/{name}")


def test_only_running_hosts_with_a_profile_have_credentials(hosts: Hosts) -> None:
    for instance in (hosts.run()["InstanceId"], "i-0123456789abcdef0"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            hosts.credentials(instance)


def test_variables_in_resources(client: Any, name: str, as_role: Any) -> None:
    for first in ("000000000000", "other"):
        client("ssm").put_parameter(Name=f"/{first}/{name}", Value="v", Type="String")
    own = {"Action": "ssm:GetParameter", "Resource": f"{PARAMETER}/${{aws:PrincipalAccount}}/*"}
    ssm = as_role(own)("ssm")
    ssm.get_parameter(Name=f"/000000000000/{name}")
    denied(ssm.get_parameter, Name=f"/other/{name}")
