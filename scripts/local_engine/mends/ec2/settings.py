"""What a launch comes to: the request over its launch template, with AWS's defaults, and what AWS refuses about it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2 import wire
from scripts.local_engine.mends.ec2.wire import Refusal

_ARM = re.compile(r"(a1|[a-z]+\d+g[a-z]*)\.")  # t4g, m7gd, c7gn …; not g5 or g4dn
_NETWORK = {"SubnetId": "an instance-level subnet ID", "SecurityGroupIds": "an instance-level security groups"}


@dataclass(frozen=True)
class Launch:
    """A RunInstances request: what it says itself, its launch template, and both together."""

    own: dict[str, Any]
    template: dict[str, Any] | None
    version: int
    settings: dict[str, Any]

    @property
    def interface(self) -> dict[str, Any]:
        """The primary network interface: as given, or from the instance-level subnet and groups."""
        given: dict[str, Any] = next(iter(self.settings.get("NetworkInterfaces", [])), {})
        subnet = given.get("SubnetId") or self.settings.get("SubnetId") or engine._DEFAULT_SUBNET_ID
        groups = given.get("Groups") or self.settings.get("SecurityGroupIds") or [engine._DEFAULT_SG_ID]
        return {**given, "SubnetId": subnet, "Groups": groups}

    @property
    def subnet(self) -> dict[str, Any]:
        """The subnet of the primary network interface. Raises Refusal."""
        subnet_id = self.interface["SubnetId"]
        found: dict[str, Any] | None = engine._subnets.get(subnet_id)
        if found is None:
            raise Refusal("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")
        return found

    @property
    def image(self) -> dict[str, Any]:
        """The image. Raises Refusal."""
        image_id = self.settings["ImageId"]
        stubs = {stub[0]: stub for stub in engine._STUB_AMIS}
        if registered := engine._registered_image(image_id):
            return dict(engine._image_view(registered))
        if image_id in stubs:
            return dict(engine._stub_image_view(*stubs[image_id]))
        raise Refusal("InvalidAMIID.NotFound", f"The image id '[{image_id}]' does not exist")

    @property
    def profile(self) -> dict[str, str] | None:
        """The instance profile's ARN and id, None without one. Raises Refusal for one that does not exist."""
        given = self.settings.get("IamInstanceProfile")
        if not given:
            return None
        found, error = engine._resolve_iam_instance_profile(given.get("Arn", ""), given.get("Name", ""))
        if error:
            [(by, value)] = list(given.items())[:1]
            where = f"iamInstanceProfile.{by.lower()}"
            what = "ARN" if by == "Arn" else "name"
            sentence = f"Value ({value}) for parameter {where} is invalid. Invalid IAM Instance Profile {what}"
            raise Refusal("InvalidParameterValue", sentence)
        return dict(found)

    @property
    def mappings(self) -> list[dict[str, Any]]:
        """The EBS volumes: the image's root volume and the mappings, by device."""
        root = self.image["RootDeviceName"]
        default = {"VolumeType": "gp3", "VolumeSize": 8, "Encrypted": False, "DeleteOnTermination": True}
        given = {each["DeviceName"]: each.get("Ebs", {}) for each in self.settings.get("BlockDeviceMappings", [])}
        return [
            {"DeviceName": device, "Ebs": {**default, **given.get(device, {})}}
            for device in dict.fromkeys([root, *given])
        ]

    def tags(self, kind: str) -> dict[str, str]:
        """Return the tags for resources of a kind, such as `instance`."""
        return tags_of(kind, self.settings.get("TagSpecifications", []))

    def check(self) -> None:
        """Refuse what AWS refuses. Raises Refusal."""
        for member, what in _NETWORK.items():
            if self.settings.get("NetworkInterfaces") and self.settings.get(member):
                sentence = f"Network interfaces and {what} may not be specified on the same request"
                raise Refusal("InvalidParameterCombination", sentence)
        if "ImageId" not in self.settings:
            raise Refusal("MissingParameter", "The request must contain the parameter ImageId")
        kind = "arm64" if _ARM.match(self.settings["InstanceType"]) else "x86_64"
        if kind != (wanted := self.image["Architecture"]):
            sentence = f"The architecture '{kind}' of the specified instance type does not match the architecture"
            raise Refusal("InvalidParameterValue", f"{sentence} '{wanted}' of the specified AMI")
        for group in self.interface["Groups"]:
            if group not in engine._security_groups:
                raise Refusal("InvalidGroup.NotFound", f"The security group '{group}' does not exist")
        _ = self.subnet, self.profile


def launch(params: dict[str, Any]) -> Launch:
    """Return what RunInstances asks for. Raises Refusal when its launch template does not exist.

    AWS: "Any parameters that you specify in RunInstances override the same parameters in the launch template"
    (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html). Tags are merged here by kind and
    key, which AWS does not document; whoever needs a tag for sure sends it. Engine: ignored the template.
    """
    own = wire.request("RunInstances", params)
    template, version = _template(own.get("LaunchTemplate"))
    data = version.get("LaunchTemplateData", {})
    settings: dict[str, Any] = {"InstanceType": "m1.small", **data, **own}
    specifications = [*data.get("TagSpecifications", []), *own.get("TagSpecifications", [])]
    kinds = dict.fromkeys(each["ResourceType"] for each in specifications)
    settings["TagSpecifications"] = [
        {"ResourceType": kind, "Tags": as_list(tags_of(kind, specifications))} for kind in kinds
    ]
    return Launch(own, template, version.get("VersionNumber", 0), settings)


def _template(named: dict[str, str] | None) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Return a launch template and its version that is asked for, nothing where none is. Raises Refusal."""
    if not named:
        return None, {}
    by = [(key, named[key]) for key in ("LaunchTemplateId", "LaunchTemplateName") if key in named]
    found = [each for each in engine._launch_templates.values() if all(each[key] == value for key, value in by)]
    if not found:
        sentence = f"The specified launch template, with template {' and '.join(v for _, v in by)}, does not exist."
        kind = "Id.NotFound" if "LaunchTemplateId" in named else "Name.NotFoundException"
        raise Refusal(f"InvalidLaunchTemplate{kind}", sentence)
    [template] = found
    special = {"$Default": template["DefaultVersionNumber"], "$Latest": template["LatestVersionNumber"]}
    number = str(special.get(version := named.get("Version", "$Default"), version))
    for each in template["Versions"]:
        if str(each["VersionNumber"]) == number:
            return template, each
    sentence = f"Could not find the specified version {version} for the launch template"
    raise Refusal("InvalidLaunchTemplateId.VersionNotFound", sentence)


def tags_of(kind: str, specifications: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return the tags that a request's specifications have for resources of a kind."""
    pairs: Iterator[dict[str, str]] = (
        tag for each in specifications if each["ResourceType"] == kind for tag in each.get("Tags", [])
    )
    return {tag["Key"]: tag.get("Value", "") for tag in pairs}


def as_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """Return tags as EC2's lists hold them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def arn(kind: str, name: str) -> str:
    """Return the ARN of one of EC2's resources; those of images and snapshots name no account."""
    account = "" if kind in {"image", "snapshot"} else get_account_id()
    return f"arn:aws:ec2:{get_region()}:{account}:{kind}/{name}"
