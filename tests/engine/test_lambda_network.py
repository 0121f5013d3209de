"""Lambda: a function in a VPC is placed there with its role's permissions, and with no less than all of them."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.functions import LOGGING, Functions

EC2 = "arn:aws:ec2:us-east-1:000000000000"
PLACE = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
INTERFACES = {
    "Action": [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:UnassignPrivateIpAddresses",
    ],
    "Resource": f"{EC2}:network-interface/*",
}
NEIGHBOURS = {
    "Action": "ec2:CreateNetworkInterface",
    "Resource": [f"{EC2}:subnet/subnet-1", f"{EC2}:security-group/sg-1"],
}
LOOKING = {"Action": ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"], "Resource": "*"}
# What keeps the code itself from what its role may do for Lambda.
FORBIDDEN_TO_CODE = {
    "Effect": "Deny",
    "Action": INTERFACES["Action"],
    "Resource": "*",
    "Condition": {"ArnLike": {"lambda:SourceFunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:*"}},
}


def test_a_function_is_placed_with_its_roles_permissions(
    functions: Functions, make_role: Callable[..., str], client: Callable[[str], Any]
) -> None:
    role = make_role(LOGGING, INTERFACES, NEIGHBOURS, LOOKING, FORBIDDEN_TO_CODE)
    name = functions.make("def handler(event, context): return event", VpcConfig=PLACE, Role=role)
    config = client("lambda").get_function_configuration(FunctionName=name)["VpcConfig"]
    assert {key: config[key] for key in PLACE} == PLACE
    assert functions.invoke(name, 1) == 1


@pytest.mark.parametrize(
    ("statements", "missing"),
    [
        ((), "AssignPrivateIpAddresses"),
        ((INTERFACES, LOOKING), "CreateNetworkInterface"),
        ((INTERFACES, NEIGHBOURS), "DescribeNetworkInterfaces"),
    ],
)
def test_a_role_that_may_not_place_it_is_refused(
    functions: Functions, make_role: Callable[..., str], statements: tuple[dict[str, Any], ...], missing: str
) -> None:
    role = make_role(LOGGING, *statements)
    with pytest.raises(ClientError, match=f"does not have permissions to call {missing} on EC2"):
        functions.make("", VpcConfig=PLACE, Role=role)


def test_nor_is_a_function_moved_there(functions: Functions, client: Callable[[str], Any]) -> None:
    name = functions.make("")
    with pytest.raises(ClientError, match="does not have permissions"):
        client("lambda").update_function_configuration(FunctionName=name, VpcConfig=PLACE)
