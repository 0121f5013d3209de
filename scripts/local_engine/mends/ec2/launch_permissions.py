"""What a launch asks of IAM: each resource it creates or uses, the tags, the role it hands over, and the volumes' keys.

AWS: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html#amazonec2-RunInstances
Engine: one resource, the first id it found, without any of EC2's condition keys.
"""

from collections.abc import Iterator
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import iam, kms

from scripts.local_engine.condition_keys import requested_tags
from scripts.local_engine.mends.ec2 import volumes
from scripts.local_engine.mends.ec2.instances import METADATA
from scripts.local_engine.mends.ec2.resource_keys import existing, shared
from scripts.local_engine.mends.ec2.settings import Launch, arn
from scripts.local_engine.request import Need

# The parameters of a request that take the place of a template's, by the kind of resource they describe.
_OVERRIDES = {
    "image": ("ImageId",),
    "instance": ("InstanceType", "IamInstanceProfile", "MetadataOptions", "Placement"),
    "key-pair": ("KeyName",),
    "network-interface": ("NetworkInterfaces", "SubnetId", "SecurityGroupIds"),
    "security-group": ("NetworkInterfaces", "SecurityGroupIds"),
    "subnet": ("NetworkInterfaces", "SubnetId"),
    "volume": ("BlockDeviceMappings",),
}
_VOLUME_KEYS = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)


def launch_needs(asked: Launch) -> Iterator[Need]:
    """Yield every permission that a launch needs. Raises Refusal for one that EC2 refuses anyway."""
    asked.check()
    for kind, name, about in _launched(asked):
        tags = requested_tags(asked.tags(kind)) if name == "*" else {}
        context = {**shared(), **_of_template(asked, kind), **about, **tags}
        yield Need("ec2:RunInstances", arn(kind, name), context)
        if tags:
            yield Need("ec2:CreateTags", arn(kind, name), {**shared(), **tags, "ec2:CreateAction": "RunInstances"})
    yield from _role(asked)
    for mapping in asked.mappings:
        yield from key_needs(mapping["Ebs"])


def _of_template(asked: Launch, kind: str) -> dict[str, str]:
    """Return what tells a launch by template from others.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/use-launch-templates-to-control-launching-instances.html
    """
    if not asked.template:
        return {}
    as_template = not any(name in asked.own for name in _OVERRIDES.get(kind, ()))
    template = arn("launch-template", asked.template["LaunchTemplateId"])
    return {"ec2:LaunchTemplate": template, "ec2:IsLaunchTemplateResource": str(as_template).lower()}


def _launched(asked: Launch) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield kind, name and condition keys of each resource that a launch creates (`*`) or uses."""
    subnet, image = asked.subnet, asked.image
    vpc, zone = arn("vpc", subnet["VpcId"]), subnet["AvailabilityZone"]
    place = {"ec2:AvailabilityZone": zone, "ec2:Vpc": vpc}
    root = {"ec2:RootDeviceType": image["RootDeviceType"]}
    owner = {"ec2:Owner": image.get("ImageOwnerAlias") or image["OwnerId"], "ec2:Public": image["IsPublic"]}
    about_image = {"ec2:ImageID": image["ImageId"], "ec2:ImageType": "machine", **owner, **root}
    yield "image", image["ImageId"], existing(image["ImageId"]) | about_image
    yield "instance", "*", {**_instance(asked), **root, "ec2:AvailabilityZone": zone}
    interface = {"ec2:Subnet": arn("subnet", subnet["SubnetId"]), **place}
    if (public := asked.interface.get("AssociatePublicIpAddress")) is not None:
        interface["ec2:AssociatePublicIpAddress"] = str(public).lower()
    yield "network-interface", "*", interface
    yield "subnet", subnet["SubnetId"], {**existing(subnet["SubnetId"]), **place, "ec2:SubnetID": subnet["SubnetId"]}
    for group in asked.interface["Groups"]:
        yield "security-group", group, {**existing(group), "ec2:Vpc": vpc, "ec2:SecurityGroupID": group}
    for mapping in asked.mappings:
        yield "volume", "*", {**_volume(mapping["Ebs"]), "ec2:AvailabilityZone": zone}
    if key_pair := asked.settings.get("KeyName"):
        yield "key-pair", key_pair, {"ec2:KeyPairName": key_pair}
    if asked.template:
        template = asked.template["LaunchTemplateId"]
        yield "launch-template", template, existing(template)


def _instance(asked: Launch) -> dict[str, Any]:
    options, profile = METADATA | asked.settings.get("MetadataOptions", {}), asked.profile
    return {
        "ec2:EbsOptimized": str(asked.settings.get("EbsOptimized", False)).lower(),
        "ec2:InstanceID": "*",
        "ec2:InstanceMarketType": "on-demand",
        "ec2:InstanceType": asked.settings["InstanceType"],
        "ec2:MetadataHttpEndpoint": options["HttpEndpoint"],
        "ec2:MetadataHttpPutResponseHopLimit": str(options["HttpPutResponseHopLimit"]),
        "ec2:MetadataHttpTokens": options["HttpTokens"],
        "ec2:Tenancy": asked.settings.get("Placement", {}).get("Tenancy", "default"),
        **({"ec2:InstanceProfile": profile["Arn"]} if profile else {}),
    }


def _volume(ebs: dict[str, Any]) -> dict[str, str]:
    key = {"ec2:KmsKeyId": volumes.key_arn(ebs)} if ebs["Encrypted"] else {}
    about = {"ec2:VolumeSize": ebs["VolumeSize"], "ec2:VolumeType": ebs["VolumeType"]}
    return {name: str(value) for name, value in about.items()} | {"ec2:Encrypted": str(ebs["Encrypted"]).lower()} | key


def _role(asked: Launch) -> Iterator[Need]:
    """Ask for the right to give the profile's role to EC2.

    AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2.html#roles-usingrole-ec2instance-passrole
    """
    profile = asked.profile
    found = iam._lookup_instance_profile(arn=profile["Arn"]) if profile else None
    for role in (found or {}).get("Roles", []):
        yield Need("iam:PassRole", str(iam._roles[role]["Arn"]), {"iam:PassedToService": "ec2.amazonaws.com"})


def key_needs(ebs: dict[str, Any]) -> Iterator[Need]:
    """Ask for the use of a customer's key through EC2: all that AWS says an encrypted volume needs.

    AWS: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html#ebs-encryption-permissions
    """
    key = kms._resolve_key(ebs["KmsKeyId"]) if ebs.get("Encrypted") and ebs.get("KmsKeyId") else None
    via = {"kms:ViaService": f"ec2.{get_region()}.amazonaws.com", "kms:CallerAccount": get_account_id()}
    if key is None:
        return
    for action in _VOLUME_KEYS:
        granted = {"kms:GrantIsForAWSResource": "true"} if action == "kms:CreateGrant" else {}
        yield Need(action, str(key["Arn"]), via | granted)
