"""DescribeInstances: instances by reservation, and filters that filter or are refused."""

from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2 import instances, matching, wire
from scripts.local_engine.patching import Function, wrap, wrap_entry

# Where an instance holds what a filter asks for.
_FILTERS = {
    "architecture": "Architecture",
    "availability-zone": "Placement.AvailabilityZone",
    "client-token": "ClientToken",
    "iam-instance-profile.arn": "IamInstanceProfile.Arn",
    "image-id": "ImageId",
    "instance-id": "InstanceId",
    "instance-state-code": "State.Code",
    "instance-state-name": "State.Name",
    "instance-type": "InstanceType",
    "key-name": "KeyName",
    "launch-time": "LaunchTime",
    "metadata-options.http-tokens": "MetadataOptions.HttpTokens",
    "private-ip-address": "PrivateIpAddress",
    "reservation-id": "ReservationId",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
}


def apply() -> None:
    """Apply the mends of this file."""
    wrap_entry(engine._ACTION_MAP, "DescribeInstances")(describe)
    wrap(engine, "_matches_filters")(_matches)


def describe(original: Any, params: dict[str, Any]) -> wire.Answer:
    """Describe instances under the reservation they were launched with.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
    Engine: a reservation for each; it ignored filters it did not know, and described everything.
    """
    engine._cleanup_terminated()
    ids = engine._parse_member_list(params, "InstanceId")
    filters = engine._parse_filters(params)
    matching.check(filters, _FILTERS)
    if any(each not in engine._instances for each in ids):
        refused: wire.Answer = original(params)
        return refused
    found = [each for each in engine._instances.values() if not ids or each["InstanceId"] in ids]
    found = [each for each in found if engine._matches_filters(each, filters)]
    reservations: dict[str, list[dict[str, Any]]] = {}
    for each in found:
        reservations.setdefault(each.get("ReservationId", f"r-{each['InstanceId'][2:]}"), []).append(each)
    shown = [
        {
            "ReservationId": name,
            "OwnerId": get_account_id(),
            "Groups": [],
            "Instances": list(map(instances.shown, each)),
        }
        for name, each in reservations.items()
    ]
    return wire.answer("DescribeInstances", {"Reservations": shown})


def _matches(_original: Function, inst: dict[str, Any], filters: dict[str, list[str]]) -> bool:
    """Apply every filter. Raises Refusal for one that EC2 (or this list) does not know. Engine: knew only three."""
    matching.check(filters, _FILTERS)
    return matching.matches(inst, inst["InstanceId"], filters, _FILTERS)
