"""Parameter Store: public parameters say what they are, and are found by their path."""

from typing import Any

from ministack.services import ssm as engine

from scripts.local_engine.patching import Function, wrap

_PUBLIC = "/aws/service/"


def apply() -> None:
    """Apply the mends of this file."""
    wrap(engine, "_public_parameter")(_public_parameter)
    wrap(engine, "_get_parameters_by_path")(_get_by_path)


def _public_parameter(original: Function, name: str) -> dict[str, Any] | None:
    """Give the parameter of an image its data type.

    AWS: https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-ec2-aliases.html
    Engine: `text`.
    """
    found = original(name)
    return found and {**found, "DataType": "aws:ec2:image"}


def _get_by_path(original: Function, data: dict[str, Any]) -> Any:
    """Find public parameters by their path.

    AWS: https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-ami.html
    Engine: found none.
    """
    path = f"{data.get('Path', '').rstrip('/')}/"
    if not path.startswith(_PUBLIC):
        return original(data)
    names = sorted(name for name in engine._PUBLIC_AMI_PARAMETERS if name.startswith(path))
    start, most = int(data.get("NextToken") or 0), data.get("MaxResults", engine.DEFAULT_PAGE_SIZE)
    found = [engine._param_out(engine._public_parameter(name)) for name in names[start : start + most]]
    rest = {"NextToken": str(start + most)} if start + most < len(names) else {}
    return engine.json_response({"Parameters": found, **rest})
