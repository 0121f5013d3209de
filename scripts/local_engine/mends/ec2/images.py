"""Images: Amazon Linux 2023 for both architectures, as the public parameters name them, with what a launch asks."""

from typing import Any

from ministack.services import ec2 as engine
from ministack.services import ssm

from scripts.local_engine.patching import Function, replace, wrap

_AMAZON = ("", "/dev/xvda", "137112412989", "amazon")
_NAME = "al2023-ami-2023.6.20241010.0-kernel-6.1-{}"
_IMAGES = {"x86_64": "ami-0c2023a1b2c3d4e5f", "arm64": "ami-0c2023a1b2c3d4ea6"}
_PATH = "/aws/service/ami-amazon-linux-latest/al2023-ami-{}-{}"


def apply() -> None:
    """Apply the mends of this file."""
    arm = (_IMAGES["arm64"], _NAME.format("arm64"), "Amazon Linux 2023 AMI", *_AMAZON)
    replace(engine, "_STUB_AMIS", [*engine._STUB_AMIS, arm])
    wrap(engine, "_stub_image_view")(_architecture)
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
