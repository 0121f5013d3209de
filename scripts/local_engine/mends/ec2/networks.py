"""DescribeVpcs: the default network is found by either name of its filter."""

from typing import Any

from ministack.services import ec2 as engine

from scripts.local_engine.patching import Function, wrap


def matches(original: Function, vpc: dict[str, Any], filters: dict[str, list[str]]) -> bool:
    """Tell whether a network passes the filters.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcs.html calls the filter `is-default`; the
    name of the attribute, `isDefault`, works as well: Terraform's `data "aws_vpc"` sends that.
    Engine: knew the first alone, and took every network for the default one.
    """
    named = {("is-default" if name == "isDefault" else name): values for name, values in filters.items()}
    found: bool = original(vpc, named)
    return found


def apply() -> None:
    """Apply the mends of this file."""
    wrap(engine, "_matches_vpc_filters")(matches)
