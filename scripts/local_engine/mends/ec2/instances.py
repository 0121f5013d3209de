"""Instances: made as a launch asks, with a network interface of their own, and shown whole."""

import ipaddress
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2 import volumes, wire
from scripts.local_engine.mends.ec2.settings import Launch, as_list
from scripts.local_engine.patching import Function, wrap

METADATA = {
    "State": "applied",
    "HttpTokens": "optional",
    "HttpPutResponseHopLimit": 1,
    "HttpEndpoint": "enabled",
    "HttpProtocolIpv6": "disabled",
    "InstanceMetadataTags": "disabled",
}
_AS_GIVEN = ("ClientToken", "CpuOptions", "EbsOptimized", "KeyName", "UserData")


def apply() -> None:
    """Apply the mends of this file."""
    wrap(engine, "_instance_xml")(_show)


def make(launch: Launch, reservation: str, index: int) -> dict[str, Any]:
    """Create one instance of a launch, pending.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
    Engine: ignored what the template said and, of the request, metadata options, mappings, interfaces and monitoring.
    """
    instance_id, now = engine._new_instance_id(), engine._now_ts()
    image, profile = launch.image, launch.profile
    interface = _interface(launch, instance_id, now)
    address = interface["PrivateIpAddress"]
    instance: dict[str, Any] = {
        **{name: launch.settings[name] for name in _AS_GIVEN if name in launch.settings},
        **_place(launch, interface),
        "InstanceId": instance_id,
        "ReservationId": reservation,
        "AmiLaunchIndex": index,
        "ImageId": image["ImageId"],
        "Architecture": image["Architecture"],
        "RootDeviceType": image["RootDeviceType"],
        "RootDeviceName": image["RootDeviceName"],
        "Hypervisor": "xen",
        "Virtualization": image["VirtualizationType"],
        "InstanceType": launch.settings["InstanceType"],
        "PrivateIpAddress": address,
        "PrivateDnsName": f"ip-{address.replace('.', '-')}.ec2.internal",
        "LaunchTime": now,
        "MetadataOptions": METADATA | launch.settings.get("MetadataOptions", {}),
        "Monitoring": {"State": "enabled" if launch.settings.get("Monitoring", {}).get("Enabled") else "disabled"},
        "BlockDeviceMappings": volumes.make(launch, instance_id, now),
        "IamInstanceProfile": profile,
    }
    engine._instances[instance_id] = instance
    engine._tags[instance_id] = as_list(launch.tags("instance") | _origin(launch))
    if profile:
        engine._upsert_iam_instance_profile_association(instance_id, profile)
    return instance


def _origin(launch: Launch) -> dict[str, str]:
    """Return the tags by which AWS says what template an instance was launched with.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/launch-instances-from-launch-template.html
    Engine: none, so that Terraform replaced instances at every plan.
    """
    if not launch.template:
        return {}
    prefix = "aws:ec2launchtemplate"
    return {f"{prefix}:id": launch.template["LaunchTemplateId"], f"{prefix}:version": str(launch.version)}


def _place(launch: Launch, interface: dict[str, Any]) -> dict[str, Any]:
    """Return where in the network an instance is, and the public address it has if its subnet or interface says so."""
    public = launch.interface.get("AssociatePublicIpAddress", launch.subnet.get("MapPublicIpOnLaunch", False))
    address = engine._random_ip("54.") if public else ""
    given = launch.settings.get("Placement", {})
    return {
        "SubnetId": interface["SubnetId"],
        "VpcId": interface["VpcId"],
        "SecurityGroups": interface["Groups"],
        "SourceDestCheck": True,
        "PublicIpAddress": address,
        "PublicDnsName": f"ec2-{address.replace('.', '-')}.compute-1.amazonaws.com" if public else "",
        "Placement": {"Tenancy": "default", **given, "AvailabilityZone": interface["AvailabilityZone"]},
        "_interface": interface["NetworkInterfaceId"],
    }


def _interface(launch: Launch, instance_id: str, now: str) -> dict[str, Any]:
    """Create the primary network interface of a new instance.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html - every instance has one.
    Engine: none, and a private address outside of the subnet.
    """
    subnet, given = launch.subnet, launch.interface
    interface_id = f"eni-{engine._new_instance_id()[2:]}"
    groups = [{"GroupId": g, "GroupName": engine._security_groups[g]["GroupName"]} for g in given["Groups"]]
    hosts = ipaddress.ip_network(subnet["CidrBlock"])
    address = hosts[
        4 + int(interface_id[-6:], 16) % (hosts.num_addresses - 5)
    ]  # AWS keeps the first four, and the last
    interface: dict[str, Any] = {
        "NetworkInterfaceId": interface_id,
        **{name: subnet[name] for name in ("SubnetId", "VpcId", "AvailabilityZone")},
        "Description": given.get("Description", ""),
        "OwnerId": get_account_id(),
        "Status": "in-use",
        "PrivateIpAddress": given.get("PrivateIpAddress") or launch.settings.get("PrivateIpAddress") or str(address),
        "InterfaceType": "interface",
        "SourceDestCheck": True,
        "MacAddress": "02:" + ":".join(interface_id[at : at + 2] for at in range(4, 14, 2)),
        "Groups": groups,
        "Attachment": {
            "AttachmentId": interface_id.replace("eni-", "eni-attach-"),
            "InstanceId": instance_id,
            "DeviceIndex": 0,
            "Status": "attached",
            "AttachTime": now,
            "DeleteOnTermination": given.get("DeleteOnTermination", True),
        },
    }
    engine._network_interfaces[interface_id] = interface
    if tags := launch.tags("network-interface"):
        engine._tags[interface_id] = as_list(tags)
    return interface


def release(instance: dict[str, Any]) -> None:
    """Take from a terminated instance what goes with it: interface, addresses, profile, volumes."""
    interface_id = instance.pop("_interface", None)
    engine._network_interfaces.pop(interface_id, None)
    engine._tags.pop(interface_id, None)
    instance.update(PublicIpAddress="", PublicDnsName="", PrivateIpAddress="", PrivateDnsName="", SecurityGroups=[])
    instance["_terminated_at"] = engine.time.time()
    if association := engine._find_active_iam_instance_profile_association(instance["InstanceId"]):
        engine._mark_iam_instance_profile_association_disassociated(association)
    volumes.release(instance)


def shown(instance: dict[str, Any]) -> dict[str, Any]:
    """Return an instance under the API's names, without what is empty."""
    interface = engine._network_interfaces.get(instance.get("_interface"))
    view = {
        **instance,
        "VirtualizationType": instance["Virtualization"],
        "Tags": engine._tags.get(instance["InstanceId"], []),
        "NetworkInterfaces": [interface] if interface else [],
    }
    return {key: value for key, value in view.items() if value != ""}


def _show(_original: Function, inst: dict[str, Any]) -> str:
    """Show all of an instance.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
    Engine: neither metadata options, client token nor interfaces.
    """
    return f"<item>{wire.fragment('Instance', shown(inst))}</item>"
