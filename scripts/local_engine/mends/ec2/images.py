"""Images: Amazon Linux 2023 for both architectures, as the public parameters name them, and those of instances."""

import json
import re
import threading
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid, request_scope
from ministack.services import ec2 as engine
from ministack.services import eventbridge, ssm

from scripts.local_engine.mends.ec2 import snapshots, wire
from scripts.local_engine.mends.ec2.settings import arn, as_list, tags_of
from scripts.local_engine.mends.ec2.wire import Refusal
from scripts.local_engine.patching import Function, add_entry, replace, wrap, wrap_entry

_AMAZON = ("", "/dev/xvda", "137112412989", "amazon")
_NAME = "al2023-ami-2023.6.20241010.0-kernel-6.1-{}"
_IMAGES = {"x86_64": "ami-0c2023a1b2c3d4e5f", "arm64": "ami-0c2023a1b2c3d4ea6"}
_PATH = "/aws/service/ami-amazon-linux-latest/al2023-ami-{}-{}"


def apply() -> None:
    """Apply the mends of this file."""
    arm = (_IMAGES["arm64"], _NAME.format("arm64"), "Amazon Linux 2023 AMI", *_AMAZON)
    replace(engine, "_STUB_AMIS", [*engine._STUB_AMIS, arm])
    wrap(engine, "_stub_image_view")(_architecture)
    wrap(engine, "_image_view")(_view)
    add_entry(engine._ACTION_MAP, "CreateImage")(create)
    wrap_entry(engine._ACTION_MAP, "DescribeImages")(describe)
    wrap_entry(engine._ACTION_MAP, "RegisterImage")(register)
    replace(ssm, "_PUBLIC_AMI_PARAMETERS", ssm._PUBLIC_AMI_PARAMETERS | _public_parameters())


def _public_parameters() -> dict[str, str]:
    """Return the public parameters of Amazon Linux 2023 and the images they name.

    AWS: https://docs.aws.amazon.com/linux/al2023/ug/ec2.html (default and fixed kernels, minimal images, both
    architectures). Engine: only the default kernel's for x86_64.
    """
    variants = ("kernel-default", "kernel-6.1", "minimal-kernel-default", "minimal-kernel-6.1")
    return {_PATH.format(variant, kind): image for kind, image in _IMAGES.items() for variant in variants}


def _architecture(original: Function, ami_id: str, *rest: Any) -> dict[str, Any]:
    """Tell an image's architecture.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Image.html. Engine: x86_64 for all.
    """
    kind = "arm64" if ami_id == _IMAGES["arm64"] else "x86_64"
    return {**original(ami_id, *rest), "Architecture": kind}


def create(params: dict[str, Any]) -> wire.Answer:
    """Make an image of an instance, from snapshots of its volumes.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html
    Engine: did not know the operation. It is pending while its snapshots are; mappings asked for are not looked at.
    """
    asked = wire.request("CreateImage", params)
    if any(image["Name"] == asked["Name"] for image in engine._images.values()):
        raise Refusal("InvalidAMIName.Duplicate", f"AMI name {asked['Name']} is already in use by another AMI")
    image_id, given = engine._new_image_id(), asked.get("TagSpecifications", [])
    made = snapshots.of_instance({"InstanceId": asked["InstanceId"]}, f"Created by CreateImage for {image_id}", given)
    instance = engine._instances[asked["InstanceId"]]
    devices = {each["Ebs"]["VolumeId"]: each["DeviceName"] for each in instance["BlockDeviceMappings"]}
    engine._images[image_id] = {
        "ImageId": image_id,
        "Name": asked["Name"],
        "ImageLocation": "",
        "Description": asked.get("Description", ""),
        "Architecture": instance["Architecture"],
        "RootDeviceType": "ebs",
        "RootDeviceName": instance["RootDeviceName"],
        "BlockDeviceMappings": [
            {"DeviceName": devices[each["VolumeId"]], "Ebs": {"SnapshotId": each["SnapshotId"]}} for each in made
        ],
        "VirtualizationType": "hvm",
        "CreationDate": engine._now_ts(),
        "OwnerId": get_account_id(),
        "_pending": True,
    }
    if tags := tags_of("image", given):
        engine._tags[image_id] = as_list(tags)
    timer = threading.Timer(snapshots.SECONDS, _finish, (get_account_id(), get_region(), image_id))
    timer.daemon = True
    timer.start()
    return wire.answer("CreateImage", {"ImageId": image_id})


def _finish(account: str, region: str, image_id: str) -> None:
    with request_scope(account, region):
        if image := engine._images.get(image_id):
            image["_pending"] = False
            _announce(image_id)


def _announce(image_id: str) -> None:
    """Tell EventBridge that an image is there.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitor-ami-events.html. Engine: sent no event.
    """
    detail = {"RequestId": new_uuid(), "ImageId": image_id, "State": "available", "ErrorMessage": ""}
    entry = {"Source": "aws.ec2", "DetailType": "EC2 AMI State Change", "Detail": json.dumps(detail)}
    eventbridge._put_events({"Entries": [{**entry, "Resources": [arn("image", image_id)]}]}, allow_aws_source=True)


def register(original: Any, params: dict[str, Any]) -> wire.Answer:
    """Register an image, and tell EventBridge."""
    answer: wire.Answer = original(params)
    if found := re.search(rb"<imageId>(.+?)</imageId>", answer[2]):
        _announce(found[1].decode())
    return answer


def _view(original: Function, image: dict[str, Any]) -> dict[str, Any]:
    """Show the snapshots of an image when it has them.

    AWS: says nothing of it; mappings without a snapshot are seen (https://github.com/cloud-custodian/cloud-custodian/pull/206).
    """
    view: dict[str, Any] = original(image)
    if image.get("_pending"):
        view["BlockDeviceMappings"] = [{**each, "Ebs": {}} for each in view["BlockDeviceMappings"]]
    return view


def describe(original: Any, params: dict[str, Any]) -> wire.Answer:
    """Tell which images are pending.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Image.html. Engine: every one was available.
    """
    status, headers, body = original(params)
    for image in engine._images.values():
        if image.get("_pending"):
            known = f"(<imageId>{image['ImageId']}</imageId>.*?<imageState>)available".encode()
            body = re.sub(known, rb"\1pending", body, count=1, flags=re.DOTALL)
    return status, headers, body
