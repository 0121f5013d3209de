"""Security groups: a rule for every protocol has no ports."""

from typing import Any

from ministack.services import ec2 as engine

from scripts.local_engine.patching import wrap


def rules(original: Any, params: Any, prefix: str) -> list[dict[str, Any]]:
    """Leave the ports out of rules for every protocol.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html (IpProtocol: with -1, traffic
    on all ports is allowed, regardless of any port range).
    Engine: compared them, so that Terraform never took away the rule by which a new group lets everything out.
    """
    found: list[dict[str, Any]] = original(params, prefix)
    ports = {"FromPort", "ToPort"}
    return [
        {key: value for key, value in rule.items() if rule["IpProtocol"] != "-1" or key not in ports} for rule in found
    ]


def apply() -> None:
    """Mend the rules of security groups."""
    wrap(engine, "_parse_ip_permissions")(rules)
