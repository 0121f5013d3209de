"""The key that signs links, rotated by Secrets Manager while links are on their way, whatever goes wrong."""

import pytest

from scripts.inbox import Inbox
from scripts.local_engine import Engine
from tests.e2e.approvals import Approvals, decide
from tests.e2e.rotation import KeptSecret, assert_gives_way, assert_is_cleared
from tests.engine.hooks import hours_lasting


@pytest.fixture
def key(desk: Approvals, engine: Engine) -> KeptSecret:
    """The key that signs links."""
    function = desk.outputs["function_names"]["rotate_link_key"]
    return KeptSecret(desk.deployment, desk.outputs["link_key_secret"], function, engine)


def test_a_link_outlives_one_rotation_and_not_two(desk: Approvals, key: KeptSecret) -> None:
    with desk.policy.changed(deadline_seconds=20, reminders=0):
        request_id = desk.submit()
        early, late = (desk.link(request_id, name) for name in ("bert", "cleo"))
    assert key.rotate()
    assert decide(early, "approve").status == 200
    assert key.rotate()
    assert decide(late, "approve").status == 403
    assert list(desk.request(request_id)["votes"]) == ["bert"]
    assert desk.ended(request_id) == "Expired"


def test_a_key_that_is_no_good_never_signs_and_does_not_block_the_next(desk: Approvals, key: KeptSecret) -> None:
    assert_gives_way(key, "short")
    request_id = desk.submit()
    assert decide(desk.link(request_id, "bert"), "deny").status == 200


def test_what_a_cancelled_rotation_left_is_cleared_by_the_key_s_function(key: KeptSecret) -> None:
    assert_is_cleared(key, "x" * 43)


def test_an_alarm_tells_that_nobody_measures_and_that_a_key_is_too_old(desk: Approvals, key: KeptSecret) -> None:
    topic = desk.deployment.outputs["foundation"]["alarm_topic_arn"]
    with Inbox(desk.deployment, topic) as inbox, hours_lasting(key.engine, 2):
        assert key.becomes("ALARM").endswith("no datapoints were received for 3 period(s)")
        key.measure_until("OK")
        days = int(key.alarm()["Threshold"]) + 1
        key.grow_old(days)
        assert f"3 out of the last 3 datapoints [{days}." in key.measure_until("ALARM")
        assert key.rotate()
        key.measure_until("OK")
        for state in ("OK", "ALARM", "OK"):  # the silence before may have been told earlier
            assert inbox.wait_for(f'{state}: "{key.watch}"'), state


def test_a_change_of_the_policy_takes_effect_without_a_deployment(desk: Approvals) -> None:
    with desk.policy.changed(cost_centres=["another"]):
        refused = desk.submit()
        assert desk.ended(refused) == "Invalid"
    accepted = desk.submit()
    assert decide(desk.link(accepted, "bert"), "deny").status == 200
