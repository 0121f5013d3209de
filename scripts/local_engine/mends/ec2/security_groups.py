"""Security groups: a rule for every protocol has no ports, and a rule may be for a list of prefixes."""

from typing import Any

from ministack.services import ec2 as engine

from scripts.local_engine.mends.cloudwatch.wire import structure
from scripts.local_engine.patching import wrap


def rules(original: Any, params: Any, prefix: str) -> list[dict[str, Any]]:
    """Leave the ports out of rules for every protocol, and read lists of prefixes.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html (IpProtocol: with -1, traffic
    on all ports is allowed, regardless of any port range; PrefixListIds).
    Engine: compared ports, so that Terraform never took away the rule by which a new group lets everything out; forgot
    lists of prefixes, so that a rule was for nobody.
    """
    found: list[dict[str, Any]] = original(params, prefix)
    asked = structure(params).get(prefix, {})
    for number, rule in enumerate(found, start=1):
        rule["PrefixListIds"] = list(asked[str(number)].get("PrefixListIds", {}).values())
    ports = {"FromPort", "ToPort"}
    return [
        {key: value for key, value in rule.items() if rule["IpProtocol"] != "-1" or key not in ports} for rule in found
    ]


def show(original: Any, sg_id: str, rule: dict[str, Any], is_egress: bool = False) -> str:
    """Show which list of prefixes a rule is for.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html (prefixListId)
    Engine: showed addresses and groups only. A rule for both is still shown without its lists.
    """
    shown: str = original(sg_id, rule, is_egress)
    if any(rule.get(kind) for kind in ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs")):
        return shown
    start, _, end = shown.rpartition("</item>")
    lists = [
        f"{start}<prefixListId>{each['PrefixListId']}</prefixListId></item>" for each in rule.get("PrefixListIds", [])
    ]
    return "".join(lists) + end if lists else shown


def apply() -> None:
    """Mend the rules of security groups."""
    wrap(engine, "_sg_rule_xml")(show)
    wrap(engine, "_parse_ip_permissions")(rules)
