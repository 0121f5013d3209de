"""EC2's networks: what endpoints and flow logs were made with is what they are."""

import json
from collections.abc import Callable
from typing import Any

import pytest

type Clients = Callable[[str], Any]

POLICY = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Sid": "S"}]})


@pytest.fixture
def vpc(client: Clients) -> str:
    return str(client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"])


def endpoint(client: Clients, made: dict[str, Any]) -> dict[str, Any]:
    """Return how an endpoint that was just made is described."""
    [found] = client("ec2").describe_vpc_endpoints(VpcEndpointIds=[made["VpcEndpoint"]["VpcEndpointId"]])[
        "VpcEndpoints"
    ]
    assert found == made["VpcEndpoint"]
    return dict(found)


def test_an_endpoint_in_subnets_keeps_its_policy_groups_and_names(client: Clients, vpc: str, name: str) -> None:
    ec2 = client("ec2")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    groups = [
        ec2.create_security_group(GroupName=f"{name}-{part}", Description="d", VpcId=vpc)["GroupId"] for part in "ab"
    ]
    found = endpoint(
        client,
        ec2.create_vpc_endpoint(
            VpcId=vpc,
            VpcEndpointType="Interface",
            ServiceName="com.amazonaws.us-east-1.sqs",
            SubnetIds=[subnet],
            SecurityGroupIds=groups[:1],
            PrivateDnsEnabled=True,
            PolicyDocument=POLICY,
            TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "Name", "Value": "n"}]}],
        ),
    )
    assert found["Groups"] == [{"GroupId": groups[0], "GroupName": f"{name}-a"}]
    assert (found["PolicyDocument"], found["PrivateDnsEnabled"], found["SubnetIds"]) == (POLICY, True, [subnet])
    assert found["Tags"] == [{"Key": "Name", "Value": "n"}]
    which = {"VpcEndpointId": found["VpcEndpointId"]}
    ec2.modify_vpc_endpoint(
        **which, AddSecurityGroupIds=groups[1:], RemoveSecurityGroupIds=groups[:1], PrivateDnsEnabled=False
    )
    [changed] = ec2.describe_vpc_endpoints(VpcEndpointIds=list(which.values()))["VpcEndpoints"]
    assert [group["GroupId"] for group in changed["Groups"]] == groups[1:]
    assert changed["PrivateDnsEnabled"] is False


def test_without_a_policy_everybody_may_pass(client: Clients, vpc: str) -> None:
    ec2 = client("ec2")
    service = "com.amazonaws.us-east-1.s3"
    found = endpoint(client, ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service, PolicyDocument=POLICY))
    assert found["PolicyDocument"] == POLICY
    ec2.modify_vpc_endpoint(VpcEndpointId=found["VpcEndpointId"], ResetPolicy=True)
    [changed] = ec2.describe_vpc_endpoints(VpcEndpointIds=[found["VpcEndpointId"]])["VpcEndpoints"]
    other = endpoint(client, ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service))
    for policy in (changed["PolicyDocument"], other["PolicyDocument"]):
        [statement] = json.loads(policy)["Statement"]
        assert statement == {"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}


def test_a_flow_log_keeps_as_whom_it_is_written(client: Clients, vpc: str) -> None:
    role, group = "arn:aws:iam::000000000000:role/flows", "arn:aws:logs:us-east-1:000000000000:log-group:/flows"
    made = client("ec2").create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestination=group,
        DeliverLogsPermissionArn=role,
        TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "Name", "Value": "n"}]}],
    )["FlowLogIds"]
    [found] = client("ec2").describe_flow_logs(FlowLogIds=made)["FlowLogs"]
    assert (found["DeliverLogsPermissionArn"], found["LogDestination"]) == (role, group)
    assert (found["TrafficType"], found["MaxAggregationInterval"]) == ("ALL", 600)
    assert found["Tags"] == [{"Key": "Name", "Value": "n"}]


def test_a_rule_for_a_list_of_prefixes_says_which(client: Clients, vpc: str, name: str) -> None:
    ec2 = client("ec2")
    group = ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"]
    [found] = ec2.describe_prefix_lists(
        Filters=[{"Name": "prefix-list-name", "Values": ["com.amazonaws.us-east-1.s3"]}]
    )["PrefixLists"]
    to_s3 = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    made = ec2.authorize_security_group_egress(
        GroupId=group, IpPermissions=[{**to_s3, "PrefixListIds": [{"PrefixListId": found["PrefixListId"]}]}]
    )["SecurityGroupRules"]
    [shown] = ec2.describe_security_group_rules(SecurityGroupRuleIds=[made[0]["SecurityGroupRuleId"]])[
        "SecurityGroupRules"
    ]
    assert shown["PrefixListId"] == found["PrefixListId"]
    [described] = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    [rule] = [each for each in described["IpPermissionsEgress"] if each["IpProtocol"] == "tcp"]
    assert [each["PrefixListId"] for each in rule["PrefixListIds"]] == [found["PrefixListId"]]
