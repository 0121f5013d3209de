"""Addresses in AWS's console, of the partition that has them there."""

from urllib.parse import quote

_PARTITION, _REGION = 1, 3


def alarm(arn: str, name: str) -> tuple[tuple[str, str], ...]:
    """Return the link to an alarm; none when the ARN does not say where it is."""
    return _link("Alarm", arn, f"cloudwatch/home?region={{region}}#alarmsV2:alarm/{quote(name, safe='')}")


def execution(arn: str) -> tuple[tuple[str, str], ...]:
    """Return the link to an execution of a state machine."""
    return _link("Execution", arn, f"states/home?region={{region}}#/v2/executions/details/{quote(arn, safe=':')}")


def instance(name: str, region: str) -> tuple[tuple[str, str], ...]:
    """Return the link to an instance of EC2; some events' ARNs have its zone where the region should be."""
    place = f"arn:aws:ec2:{region}" if region and not region.startswith(("cn-", "us-gov-")) else ""
    return _link("Instance", place, f"ec2/home?region={{region}}#InstanceDetails:instanceId={quote(name, safe='')}")


def _link(label: str, arn: str, path: str) -> tuple[tuple[str, str], ...]:
    parts = arn.split(":")
    if len(parts) <= _REGION or parts[_PARTITION] != "aws" or not parts[_REGION]:
        return ()
    region = quote(parts[_REGION], safe="")
    return ((label, f"https://{region}.console.aws.amazon.com/{path.format(region=region)}"),)
