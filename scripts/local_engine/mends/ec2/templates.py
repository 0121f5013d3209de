"""Launch templates: they keep, and show, everything that a template can say, and are missed by the right name."""

from typing import Any

from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2 import wire
from scripts.local_engine.patching import Function, wrap


def apply() -> None:
    """Apply the mends of this file."""
    wrap(engine, "_parse_lt_data")(_read)
    wrap(engine, "_lt_data_xml")(_show)
    wrap(engine, "_error")(_error)


def _read(_original: Function, params: dict[str, Any], prefix: str = "LaunchTemplateData") -> dict[str, Any]:
    """Keep every parameter of a template.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestLaunchTemplateData.html
    Engine: forgot, among others, the key of a volume, the placement and the credit specification.
    """
    return wire.member("RequestLaunchTemplateData", prefix, params)


def _show(_original: Function, data: dict[str, Any]) -> str:
    """Show what a template holds.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ResponseLaunchTemplateData.html
    Engine: a part of it.
    """
    options = data.get("MetadataOptions")
    shown = {**data, "MetadataOptions": {"State": "applied", **options}} if options else data
    return wire.fragment("ResponseLaunchTemplateData", shown)


def _error(original: Function, code: str, message: str, status: int) -> Any:
    """Say that a template does not exist as AWS says it.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (InvalidLaunchTemplateId.NotFound)
    Engine: ended it in `Exception`, which is right for names only, so that Terraform failed where all was well.
    """
    return original(code.replace("LaunchTemplateId.NotFoundException", "LaunchTemplateId.NotFound"), message, status)
