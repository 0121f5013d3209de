"""VPC endpoints and flow logs: they keep who may pass, behind which security groups, and as whom flows are written."""

import json
import re
from typing import Any

from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2 import wire
from scripts.local_engine.patching import Function, wrap, wrap_entry

type Params = dict[str, Any]

EVERYTHING = json.dumps({"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]})
_OF_ENDPOINTS = ("DnsOptions", "IpAddressType", "PolicyDocument", "PrivateDnsEnabled")
_OF_FLOW_LOGS = ("DeliverLogsPermissionArn", "LogFormat", "LogGroupName", "MaxAggregationInterval")
_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} "
    "${bytes} ${start} ${end} ${action} ${log-status}"
)


def apply() -> None:
    """Apply the mends of this file."""
    wrap(engine, "_vpce_fields_xml")(show_endpoint)
    wrap_entry(engine._ACTION_MAP, "CreateVpcEndpoint")(create_endpoint)
    wrap_entry(engine._ACTION_MAP, "ModifyVpcEndpoint")(modify_endpoint)
    wrap_entry(engine._ACTION_MAP, "CreateFlowLogs")(create_flow_logs)
    wrap_entry(engine._ACTION_MAP, "DescribeFlowLogs")(describe_flow_logs)


def create_endpoint(original: Function, params: Params) -> wire.Answer:
    """Keep all that an endpoint was made with; without a policy, everybody may pass.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html
    Engine: forgot the policy, the security groups and the private names.
    """
    asked = wire.request("CreateVpcEndpoint", params)
    [made] = re.findall(rb"<vpcEndpointId>([\w-]+)<", original(params)[2])
    endpoint = engine._vpc_endpoints[made.decode()]
    of_interface = {"IpAddressType": "ipv4", "PrivateDnsEnabled": True} if _is_interface(endpoint) else {}
    kept = {name: asked[name] for name in _OF_ENDPOINTS if name in asked}
    endpoint |= {"PolicyDocument": EVERYTHING, "PrivateDnsEnabled": False} | of_interface | kept
    endpoint["Groups"] = _groups(asked.get("SecurityGroupIds", []))
    return wire.answer("CreateVpcEndpoint", {"VpcEndpoint": _shown(endpoint, "VpcEndpointId")})


def modify_endpoint(original: Function, params: Params) -> wire.Answer:
    """Change the security groups, the private names and the policy of an endpoint as well.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpoint.html
    Engine: changed routes, subnets and the policy only.
    """
    answer: wire.Answer = original(params)
    asked = wire.request("ModifyVpcEndpoint", params)
    if endpoint := engine._vpc_endpoints.get(asked["VpcEndpointId"]):
        removed = asked.get("RemoveSecurityGroupIds", [])
        left = [group for group in endpoint.get("Groups", []) if group["GroupId"] not in removed]
        endpoint["Groups"] = left + _groups(asked.get("AddSecurityGroupIds", []))
        endpoint |= {name: asked[name] for name in _OF_ENDPOINTS if name in asked}
        endpoint |= {"PolicyDocument": EVERYTHING} if asked.get("ResetPolicy") else {}
    return answer


def show_endpoint(_original: Function, ep: dict[str, Any], tag: str = "item") -> str:
    """Show all that is kept of an endpoint.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcEndpoint.html
    Engine: a part of it.
    """
    return f"<{tag}>{wire.fragment('VpcEndpoint', _shown(ep, 'VpcEndpointId'))}</{tag}>"


def create_flow_logs(original: Function, params: Params) -> wire.Answer:
    """Keep as whom flows are written, and the tags.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html
    Engine: forgot the role, and looked for tags of another type of resource.
    """
    asked = wire.request("CreateFlowLogs", params)
    answer: wire.Answer = original(params)
    for found in re.findall(rb"<item>(fl-\w+)<", answer[2]):
        flow_log = engine._flow_logs[found.decode()]
        flow_log |= {"LogFormat": _FORMAT, "MaxAggregationInterval": 600, "DeliverLogsStatus": "SUCCESS"}
        flow_log |= {name: asked[name] for name in _OF_FLOW_LOGS if name in asked}
        engine._parse_tag_specs(params, "vpc-flow-log", found.decode())
    return answer


def describe_flow_logs(original: Function, params: Params) -> wire.Answer:
    """Show all that is kept of flow logs.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html
    Engine: a part of it.
    """
    there = re.findall(rb"<flowLogId>(fl-\w+)<", original(params)[2])
    shown = [_shown(engine._flow_logs[found.decode()], "FlowLogId") for found in there]
    return wire.answer("DescribeFlowLogs", {"FlowLogs": shown})


def _is_interface(endpoint: dict[str, Any]) -> bool:
    return bool(endpoint["VpcEndpointType"] == "Interface")


def _groups(ids: list[str]) -> list[dict[str, str]]:
    return [{"GroupId": each, "GroupName": engine._security_groups[each]["GroupName"]} for each in ids]


def _shown(record: dict[str, Any], name: str) -> dict[str, Any]:
    return {**record, "Tags": engine._tags.get(record[name], [])}
