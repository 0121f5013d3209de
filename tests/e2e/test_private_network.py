"""A private network, applied: functions run inside, work, and nothing leads out but to this account's own services."""

import json
from typing import Any

import pytest

from scripts.local_engine import Engine
from tests.e2e.queue import QueueProcessor, Sent, usage
from tests.support.applied import Applied

PATIENCE_SECONDS = 60


@pytest.fixture
def vpc(engine: Engine, network: Applied) -> dict[str, Any]:
    """A filter by the network."""
    assert engine.pid()
    return {"Filters": [{"Name": "vpc-id", "Values": [network.deployment.outputs["private_network"]["vpc_id"]]}]}


def of(vpc: dict[str, Any], found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those of a list that are of the network: the engine passes over some filters."""
    return [each for each in found if each["VpcId"] == vpc["Filters"][0]["Values"][0]]


def test_every_function_runs_inside(network: Applied) -> None:
    functions = network.deployment.client("lambda")
    place = network.deployment.outputs["private_network"]["network"]
    names = network.deployment.outputs["queue_processor"]["function_names"].values()
    assert names
    for name in names:
        config = functions.get_function_configuration(FunctionName=name, Qualifier="live")["VpcConfig"]
        assert sorted(config["SubnetIds"]) == sorted(place["subnet_ids"])
        assert config["SecurityGroupIds"] == place["security_group_ids"]


def test_functions_work_there(engine: Engine, network: Applied) -> None:
    assert engine.pid()
    processor = QueueProcessor(network.deployment)
    processor.send([Sent(usage("within"))])
    processor.wait(lambda: "within" in processor.results(), PATIENCE_SECONDS)


def test_nothing_leads_out(network: Applied, vpc: dict[str, Any]) -> None:
    ec2 = network.deployment.client("ec2")
    assert not [
        gateway
        for gateway in ec2.describe_internet_gateways()["InternetGateways"]
        for attachment in of(vpc, gateway["Attachments"])
    ]
    assert not of(vpc, ec2.describe_nat_gateways()["NatGateways"])
    routes = [route for table in of(vpc, ec2.describe_route_tables()["RouteTables"]) for route in table["Routes"]]
    ways = {str(route.get("GatewayId", "")).partition("-")[0] for route in routes}
    assert ways <= {"local", "vpce"}


def test_only_functions_reach_endpoints_and_only_with_credentials_of_this_account(
    network: Applied, vpc: dict[str, Any]
) -> None:
    ec2 = network.deployment.client("ec2")
    endpoints = of(vpc, ec2.describe_vpc_endpoints()["VpcEndpoints"])
    groups = {group["GroupName"]: group for group in of(vpc, ec2.describe_security_groups()["SecurityGroups"])}
    for endpoint in endpoints:
        for statement in json.loads(endpoint["PolicyDocument"])["Statement"]:
            assert statement["Condition"]["StringEquals"]["aws:PrincipalAccount"] == network.deployment.account_id
        if endpoint["VpcEndpointType"] == "Interface":
            assert [group["GroupName"] for group in endpoint["Groups"]] == ["workflows-network-endpoints"]
    [rule] = groups["workflows-network-endpoints"]["IpPermissions"]
    assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [groups["workflows-network-functions"]["GroupId"]]
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 443, 443)
    assert not groups["default"]["IpPermissions"]
    assert not groups["default"]["IpPermissionsEgress"]


def test_who_talked_to_whom_is_kept(network: Applied, vpc: dict[str, Any]) -> None:
    [watched] = vpc["Filters"][0]["Values"]
    [found] = [
        each
        for each in network.deployment.client("ec2").describe_flow_logs()["FlowLogs"]
        if each["ResourceId"] == watched
    ]
    assert (found["FlowLogStatus"], found["TrafficType"]) == ("ACTIVE", "ALL")
    assert found["DeliverLogsPermissionArn"].endswith(":role/workflows-network-network-flows")


def test_a_second_plan_changes_nothing(network: Applied) -> None:
    changes = {
        change["address"]: change["change"]["actions"]
        for change in network.second_plan.get("resource_changes", [])
        if change["change"]["actions"] not in (["no-op"], ["read"])
    }
    assert not changes
