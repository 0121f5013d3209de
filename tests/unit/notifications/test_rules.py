"""Routes are data: the first that fits takes a notification, nothing gets past all of them."""

from typing import Any

import pytest

from notifications.domain.errors import BadSettings
from notifications.domain.notification import Notification
from notifications.domain.settings import Delivery, Rules, Style
from notifications.domain.severity import Severity

DOCUMENT: dict[str, Any] = {
    "channels": {"ops": "slack", "ada": "slack", "desk": "teams"},
    "routes": [
        {"name": "ada's", "owners": ["ada"], "min_severity": None, "channels": ["ada"], "further": True},
        {"name": "builds", "kinds": ["build"], "sources": ["aws.*", "gitops_pipeline"], "channels": ["desk"]},
        {"name": "quiet", "sources": ["aws.ec2"], "channels": []},
        {"name": "bad", "min_severity": "error", "channels": ["ops", "desk"]},
        {"name": "rest", "channels": ["ops"]},
    ],
    "owner_tag": "owner",
    "duplicate_seconds": 300,
    "storm": {"limit": 20, "seconds": 300},
}


def rules(**changes: Any) -> Rules:
    return Rules.from_document(DOCUMENT | changes)


def about(**changes: Any) -> Notification:
    told = {"kind": "alarm", "source": "alarms", "severity": Severity.INFO, "title": "x", **changes}
    return Notification(**told)


@pytest.mark.parametrize(
    ("notification", "ways"),
    [
        (about(), [("rest", "ops")]),
        (about(severity=Severity.CRITICAL), [("bad", "ops"), ("bad", "desk")]),
        (about(kind="build", source="aws.codebuild"), [("builds", "desk")]),
        (about(kind="build", source="gitops"), [("rest", "ops")]),
        (about(source="aws.ec2"), []),
        (about(owner="ada"), [("ada's", "ada"), ("rest", "ops")]),
        (about(owner="ada", kind="build", source="aws.x"), [("ada's", "ada"), ("builds", "desk")]),
    ],
)
def test_a_notification_goes_where_the_first_route_that_fits_says(
    notification: Notification, ways: list[tuple[str, str]]
) -> None:
    assert rules().deliveries(notification) == tuple(Delivery(*way) for way in ways)


def test_a_channel_is_told_once_whichever_routes_lead_there() -> None:
    routes = [{"name": "a", "channels": ["ops", "ada"], "further": True}, {"name": "b", "channels": ["ops"]}]
    assert rules(routes=routes).deliveries(about()) == (Delivery("a", "ops"), Delivery("a", "ada"))


def test_owners_are_looked_for_only_if_a_route_asks() -> None:
    assert rules().needs_owners
    assert not rules(routes=DOCUMENT["routes"][1:]).needs_owners
    assert rules().channels["desk"] is Style.TEAMS


@pytest.mark.parametrize(
    "changes",
    [
        {"routes": []},
        {"routes": DOCUMENT["routes"][:-1]},
        {"routes": [{"name": "rest", "channels": ["ops"], "further": True}]},
        {"routes": [{"name": "rest", "channels": ["ops"], "min_severity": "warning"}]},
        {"routes": [{"name": "rest", "channels": ["nobody"]}]},
        {"routes": [{"name": "rest", "channels": "ops"}]},
        {"routes": [*DOCUMENT["routes"], {"name": "rest", "channels": []}]},
        {"routes": [{"name": "rest", "min_severity": "loud", "channels": []}]},
        {"channels": {"ops": "irc"}},
        {"storm": {"limit": 0, "seconds": 300}},
        {"storm": {"limit": 20, "seconds": 901}},
        {"storm": {}},
        {"duplicate_seconds": -1},
        {"duplicate_seconds": "soon"},
    ],
)
def test_what_contradicts_itself_or_loses_notifications_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadSettings):
        rules(**changes)
