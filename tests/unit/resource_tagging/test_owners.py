"""Who is behind a call: every shape of identity that CloudTrail documents, and those that it does not."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resource_tagging.adapters.trail import issuer_of
from resource_tagging.domain.call import Call
from resource_tagging.domain.identity import Owner
from resource_tagging.domain.owner import Launcher, Resolver
from resource_tagging.domain.tags import tags
from tests.unit.resource_tagging.account import Account

type Golden = Callable[[str], Any]

ARN = "arn:aws:sts::123456789012:assumed-role"
ROLE = {"type": "Role", "arn": "arn:aws:iam::123456789012:role/app", "userName": "app"}


def resolve(
    event: Mapping[str, Any],
    launchers: Mapping[str, Mapping[str, str]] | None = None,
    issuers: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[str, str]:
    """Return the owner of what an event made, and how it was found."""
    call = Call.from_event(event)
    assert call

    def tags_of(launcher: Launcher) -> Mapping[str, str]:
        return (launchers or {}).get(launcher.name, {})

    owner = Resolver("owner", tags_of, lambda key: (issuers or {}).get(key, {})).owner(call)
    return owner.name, owner.found_by


def made_by(identity: Any, **record: Any) -> dict[str, Any]:
    answer = {"volumeId": "vol-00000000000000001"}
    detail = {"eventName": "CreateVolume", "userIdentity": identity, "responseElements": answer}
    return {"detail": {**detail, "requestParameters": {}, **record}}


def session(name: str, role: str = "app", **more: Any) -> dict[str, Any]:
    issuer = {"sessionIssuer": ROLE | {"userName": role}}
    return {"type": "AssumedRole", "arn": f"{ARN}/{role}/{name}", "sessionContext": issuer, **more}


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("run_instances_sso", ("ada@example.com", "sso-session")),
        ("create_volume_iam_user", ("bert", "iam-user")),
        ("create_image_root", ("root", "root-user")),
        ("create_volume_source_identity", ("carla", "source-identity")),
        ("create_network_interface_service", ("unknown", "service autoscaling.amazonaws.com")),
        ("run_instances_auto_scaling", ("unknown", "service autoscaling.amazonaws.com")),
        ("run_instances_cloudformation", ("stack-deployer", "role with session AWSCloudFormation")),
        ("create_snapshots_chained_role", ("deployer", "role with session botocore-session-1795420700")),
    ],
)
def test_recorded_events_have_an_owner(golden: Golden, name: str, owner: tuple[str, str]) -> None:
    assert resolve(golden(name)) == owner


@pytest.mark.parametrize(
    ("identity", "owner"),
    [
        (session("dora@example.com"), ("dora@example.com", "session-name")),
        (session("nightly"), ("app", "role with session nightly")),
        ({"type": "AWSAccount", "principalId": "AROAX:emil@example.com"}, ("emil@example.com", "session-name")),
        ({"type": "SAMLUser", "userName": "frida"}, ("frida", "saml-user")),
        ({"type": "WebIdentityUser", "userName": "gert"}, ("gert", "web-identity-user")),
        ({"type": "FederatedUser", "arn": "arn:aws:sts::1:federated-user/hans"}, ("hans", "federated-user")),
        ({"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u-1"}}, ("u-1", "identity-center-user")),
        ({"type": "IAMUser", "arn": "arn:aws:iam::1:user/people/ina"}, ("ina", "iam-user")),
        ({"type": "Directory"}, ("unknown", "identity of type Directory")),
        ({"type": "IAMUser"}, ("unknown", "identity of type IAMUser")),
        ({"type": 7, "sessionContext": ["odd"], "arn": None}, ("unknown", "identity of type none")),
        ({}, ("unknown", "identity of type none")),
        (None, ("unknown", "identity of type none")),
        ("odd", ("unknown", "identity of type none")),
    ],
)
def test_every_shape_of_identity_has_an_owner(identity: Any, owner: tuple[str, str]) -> None:
    assert resolve(made_by(identity)) == owner


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "arn", "userName", "sessionContext", "key", "value"]), inner)
    ),
)


@given(identity=JSON, request=JSON)
def test_no_shape_whatever_is_an_error(identity: Any, request: Any) -> None:
    name, found_by = resolve(made_by(identity, requestParameters=request))
    assert name
    assert found_by


def test_a_persons_call_is_their_own_even_if_a_service_makes_it_for_them() -> None:
    event = made_by({"type": "IAMUser", "userName": "bert", "invokedBy": "cloudformation.amazonaws.com"})
    assert resolve(event, {"shop": {"owner": "emil"}}) == ("bert", "iam-user")


def test_an_owner_whom_the_call_names_owns_all_that_it_makes(golden: Golden) -> None:
    event = golden("run_instances_sso")
    tags = [{"key": "owner", "value": "bert"}]
    event["detail"]["requestParameters"]["tagSpecificationSet"] = {
        "items": [{"resourceType": "instance", "tags": tags}]
    }
    assert resolve(event) == ("bert", "tags of the same call")


def test_a_service_role_takes_the_owner_of_the_group(golden: Golden) -> None:
    event = golden("run_instances_auto_scaling")
    assert resolve(event, {"web": {"owner": "ada"}}) == ("ada", "auto-scaling-group web")


def test_a_group_without_an_owner_has_that_of_its_stack(golden: Golden) -> None:
    launchers = {"web": {"aws:cloudformation:stack-name": "shop"}, "shop": {"owner": "ada"}}
    assert resolve(golden("run_instances_auto_scaling"), launchers) == ("ada", "stack shop")


def test_launchers_that_name_each_other_are_left(golden: Golden) -> None:
    launchers = {"web": {"aws:cloudformation:stack-name": "web", "aws:autoscaling:groupName": "web"}}
    assert resolve(golden("run_instances_auto_scaling"), launchers)[0] == "unknown"


def test_an_unknown_owner_is_not_handed_on(golden: Golden) -> None:
    assert resolve(golden("run_instances_auto_scaling"), {"web": {"owner": "unknown"}})[0] == "unknown"


def test_a_snapshot_that_a_service_makes_belongs_to_the_owner_of_its_volume(golden: Golden) -> None:
    launchers = {"vol-00000000000000001": {"owner": "bert"}}
    owner = resolve(golden("create_snapshot_service_role"), launchers)
    assert owner == ("bert", "resource vol-00000000000000001")


def test_what_an_instance_makes_belongs_to_its_owner() -> None:
    event = made_by(session("i-00000000000000009"))
    assert resolve(event, {"i-00000000000000009": {"owner": "bert"}}) == ("bert", "resource i-00000000000000009")


def test_a_chain_of_roles_is_followed_to_its_first_link(account: Account, golden: Golden) -> None:
    account.history = golden("assume_role_chain")
    call = Call.from_event(golden("create_snapshots_chained_role"))
    assert call
    assert Resolver("owner", lambda _: {}, issuer_of).owner(call) == Owner("bert", "role-chain iam-user")
    assert account.calls == ["lookup_events"] * 2


def test_a_chain_that_bites_its_own_tail_ends() -> None:
    event = made_by(session("a", accessKeyId="ASIA1"))
    issuers = {"ASIA1": session("b", accessKeyId="ASIA2"), "ASIA2": session("a", accessKeyId="ASIA1")}
    assert resolve(event, issuers=issuers) == ("app", "role with session a")


def test_a_key_that_merely_occurs_in_an_event_was_not_issued_by_it(account: Account, golden: Golden) -> None:
    account.history = [golden("create_snapshots_chained_role")]
    assert issuer_of("ASIAEXAMPLEKEY000002") == {}


def test_all_snapshots_of_an_instance_are_read(golden: Golden) -> None:
    call = Call.from_event(golden("create_snapshots_chained_role"))
    assert call
    assert call.resource_ids == ("snap-00000000000000002", "snap-00000000000000003")
    assert call.sources == ("i-00000000000000001",)


def test_tags_hold_only_what_ec2_takes(golden: Golden) -> None:
    call = Call.from_event(golden("create_image_root"))
    assert call
    values = tags("team:owner", Owner("Zoë <z@example.com>" + "x" * 300, "role with session a,b"), call.at)
    assert values["team:owner"].startswith("Zoë _z@example.com_x")
    assert len(values["team:owner"]) == 256
    assert values["team:owner-found-by"] == "role with session a_b"
    assert set(values) == {"team:owner", "team:owner-found-by", "team:owner-since"}


def test_an_odd_time_is_now() -> None:
    call = Call.from_event(json.loads(json.dumps(made_by({}, eventTime="yesterday"))))
    assert call
    assert call.at.tzinfo
