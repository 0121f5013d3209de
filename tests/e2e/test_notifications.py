"""The notifications end to end: what happens in the account is told in Slack and Teams once, whatever happens."""

import io
import json
import re
import time
from typing import Any
from uuid import uuid4

import pytest
from rich.console import Console

from scripts.chat.connecting import NOBODY
from scripts.chat.server import Trouble
from scripts.demo import notifications as story
from scripts.deployment import ROOT
from scripts.executions import wait_for_end
from scripts.failure_queue.triage import move
from tests.e2e.approvals import HOST
from tests.e2e.conftest import post
from tests.e2e.disturbances import kill_functions
from tests.e2e.notifications import BOTH, SLACK, TEAMS, Notifications, marker
from tests.support.applied import Applied

EVENTS = ROOT / "tests" / "events"
TOLD = {
    "codebuild_build_failed": "🟠 Build of workflows-dev-unit-tests failed",
    "cost_anomaly": "🟡 Cost anomaly: 1001 USD for Amazon Elastic Compute Cloud - Compute",
    "ebs_snapshot_failed": "🟠 createSnapshot of snap-00000000000000001: failed",
    "health_event": "🟠 AWS Health: EC2 AWS_EC2_INSTANCE_STORE_DRIVE_PERFORMANCE_DEGRADED",
}
SECRET = "gh" + "p_" + "A1b2" * 9


def test_an_alarm_is_told_when_it_fires_and_when_it_recovers(notifications: Notifications) -> None:
    alarm = notifications.outputs["queue_arn"].rpartition(":")[2] + "-age"
    cloudwatch, why = notifications.deployment.client("cloudwatch"), marker()
    with notifications.only("alarms"):
        cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason=why)
        for channel in BOTH:
            told = notifications.heard(channel, why).text
            assert f"🔴 Alarm: {alarm}" in told
            assert "scripts.failure_queue --workflow notifications" in told, "the runbook comes with it"
            notifications.heard(channel, f"🟢 Recovered: {alarm}")  # as CloudWatch looks at it again


def test_a_machine_that_fails_is_told_by_step_functions(notifications: Notifications) -> None:
    states = notifications.deployment.client("stepfunctions")
    machine = notifications.deployment.outputs["etl_pipeline"]["state_machine_alias"]
    routes = [{"name": "machines", "kinds": ["machine"], "channels": [*BOTH]}, {"name": "rest", "channels": []}]
    with notifications.settings(routes=routes):
        execution = states.start_execution(stateMachineArn=machine, name=uuid4().hex, input='{"detail": {}}')
        ended = wait_for_end(states, execution["executionArn"], 60)
        assert ended["status"] == "FAILED"
        for channel in BOTH:
            told = notifications.heard(channel, str(ended["name"])).text
            assert "🟠 State machine workflows-local-etl-pipeline failed" in told


def test_what_a_workflow_says_is_told(notifications: Notifications) -> None:
    topic, said = notifications.deployment.outputs["etl_pipeline"]["topic_arn"], marker()
    with notifications.only("etl_pipeline"):
        notifications.publish(topic, f"Failed to load {said}", "BadHeader: no tailnum\nFile: s3://bucket/key")
        for channel in BOTH:
            assert "s3://bucket/key" in notifications.heard(channel, said).text


def test_a_machine_s_owner_hears_that_it_stopped(notifications: Notifications) -> None:
    ec2, ssm = notifications.deployment.client("ec2"), notifications.deployment.client("ssm")
    image, owner = ssm.get_parameter(Name=HOST["image_parameter"])["Parameter"]["Value"], f"owner-{uuid4().hex[:8]}"
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "owner", "Value": owner}]}]
    launched = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, TagSpecifications=tags)
    instance = launched["Instances"][0]["InstanceId"]
    routes = [{"name": "own", "owners": [owner], "channels": [SLACK]}, {"name": "rest", "channels": []}]
    with notifications.settings(routes=routes):
        ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1})
        ec2.stop_instances(InstanceIds=[instance])
        told = notifications.heard(SLACK, f"Instance {instance} is stopped").text
        assert f"for {owner}" in told
        assert not notifications.told(TEAMS, instance)
    ec2.terminate_instances(InstanceIds=[instance])


def test_what_the_engine_does_not_send_is_told_as_it_was_recorded(notifications: Notifications) -> None:
    said = marker()  # in place of the moment, which is shown
    with notifications.only("aws.*"):
        for event in TOLD:
            notifications.send(json.loads((EVENTS / f"{event}.json").read_text()) | {"time": said})
        for channel in BOTH:
            notifications.wait(lambda channel=channel: len(notifications.told(channel, said)) == len(TOLD))
            told = "\n".join(post.text for post in notifications.told(channel, said))
            assert all(title in told for title in TOLD.values())


def test_a_busy_channel_is_left_alone_for_as_long_as_it_asks_and_the_other_is_told_at_once(
    notifications: Notifications,
) -> None:
    source, said = notifications.source(), marker()
    notifications.chat.trouble(SLACK, Trouble.BUSY, seconds=3)
    with notifications.only(source):
        notifications.say(source, said)
        notifications.heard(TEAMS, said)
        assert not notifications.told(SLACK, said)
        notifications.heard(SLACK, said)
    asked, told = notifications.chat.attempts[SLACK]
    assert 3 <= told - asked < 10
    assert len(notifications.told(TEAMS, said)) == 1


@pytest.mark.parametrize("trouble", [Trouble.DROPPED, Trouble.SLOW])
def test_a_trouble_that_passes_is_waited_out(notifications: Notifications, trouble: Trouble) -> None:
    source, said = notifications.source(), marker()
    notifications.chat.trouble(TEAMS, trouble, times=2, seconds=3)
    with notifications.only(source):
        notifications.say(source, said)
        for channel in BOTH:
            notifications.heard(channel, said)
    notifications.wait_until_empty()
    assert [len(notifications.told(channel, said)) for channel in BOTH] == [1, 1]
    assert len(notifications.chat.attempts[TEAMS]) == 3


def test_what_a_channel_refuses_waits_on_the_failure_queue_and_is_told_after_a_redrive(
    notifications: Notifications,
) -> None:
    source, said = notifications.source(), marker()
    notifications.chat.trouble(SLACK, Trouble.GONE)
    with notifications.only(source):
        notifications.say(source, said)
        notifications.heard(TEAMS, said)
        notifications.wait(lambda: notifications.failures(said))
        [failed] = notifications.failures(said)
        assert failed.reason == "the channel answered 404: no_service"
        assert move(notifications.triage, lambda each: said in each.body, notifications.triage.send_back, rate=50) == 1
        notifications.heard(SLACK, said)
        notifications.wait_until_empty()
    assert [len(notifications.told(channel, said)) for channel in BOTH] == [1, 1]


def test_a_trouble_that_lasts_ends_on_the_failure_queue_with_the_last_reason(notifications: Notifications) -> None:
    source, said = notifications.source(), marker()
    notifications.chat.trouble(SLACK, Trouble.BROKEN, times=50)
    with notifications.only(source):
        notifications.say(source, said)
        notifications.wait(lambda: notifications.failures(said))
    [failed] = notifications.failures(said)
    assert failed.reason == "the channel answered 500: rollup_error"
    move(notifications.triage, lambda each: said in each.body, notifications.triage.throw_away, rate=50)


def test_a_channel_without_an_address_waits_for_one(notifications: Notifications) -> None:
    source, said = notifications.source(), marker()
    secrets, name = notifications.deployment.client("secretsmanager"), notifications.outputs["webhooks_secret"]
    before = secrets.get_secret_value(SecretId=name)["SecretString"]
    secrets.put_secret_value(SecretId=name, SecretString=NOBODY)
    time.sleep(1.2)
    with notifications.only(source):
        notifications.say(source, said)
        notifications.wait(lambda: "the secret holds no address of the channel" in notifications.log_text())
        secrets.put_secret_value(SecretId=name, SecretString=before)
        notifications.heard(SLACK, said)


def test_what_is_delivered_twice_is_told_once(notifications: Notifications) -> None:
    states = notifications.deployment.client("stepfunctions")
    machine = notifications.deployment.outputs["etl_pipeline"]["state_machine_alias"]
    routes = [{"name": "machines", "kinds": ["machine"], "channels": [SLACK]}, {"name": "rest", "channels": []}]
    post(notifications.engine, "/_local/events/repetitions", {"rule": notifications.outputs["rule"], "times": 1})
    with notifications.settings(routes=routes):
        execution = states.start_execution(stateMachineArn=machine, name=uuid4().hex, input='{"detail": {}}')
        name = wait_for_end(states, execution["executionArn"], 60)["name"]
        notifications.heard(SLACK, name)
        notifications.wait_until_empty()
    assert len(notifications.told(SLACK, name)) == 1


def test_what_says_the_same_is_told_once(notifications: Notifications) -> None:
    source, said = notifications.source(), marker()
    with notifications.only(source):
        for _ in range(12):
            notifications.say(source, said)
        notifications.heard(TEAMS, said)
        notifications.wait_until_empty()
    assert [len(notifications.told(channel, said)) for channel in BOTH] == [1, 1]


def shown(notifications: Notifications, channel: str, source: str) -> tuple[set[str], int, int]:
    """Return what a channel was told one by one, how many were in digests, and how many digests there were."""
    posts = notifications.told(channel, source)
    digests = [each.text for each in posts if "more notifications" in each.text]
    single = {found[0] for each in posts if (found := re.search(r"event-\d+", each.text))}
    return single, sum(int(re.findall(r"([\d,]+) more", text)[0]) for text in digests), len(digests)


def test_a_storm_becomes_one_digest(notifications: Notifications) -> None:
    source, count, limit, seconds = notifications.source(), 60, 5, 6
    with notifications.only(source, storm={"limit": limit, "seconds": seconds}):
        time.sleep(seconds - time.time() % seconds + 0.2)
        began = time.time()
        for number in range(count):
            notifications.say(source, f"Load failed in {source}", f"event-{number}")
        for channel in BOTH:
            notifications.wait(lambda channel=channel: notifications.told(channel, "more notifications"))
        notifications.wait_until_empty()
    # On a busy machine it may take more than one window; each has its own digest then.
    windows = int((time.time() - began) // seconds) + 1
    for channel in BOTH:
        single, gathered, digests = shown(notifications, channel, source)
        assert len(single) + gathered == count
        assert limit <= len(single) <= limit * windows
        assert 1 <= digests <= windows


def test_functions_that_are_killed_in_a_storm_lose_nothing(notifications: Notifications) -> None:
    source, count = notifications.source(), 30
    notifications.chat.trouble(SLACK, Trouble.SLOW, times=4, seconds=1)
    with notifications.only(source, storm={"limit": 10, "seconds": 10}):
        for number in range(count):
            notifications.say(source, f"Load failed in {source}", f"event-{number}")
        notifications.wait(lambda: notifications.chat.attempts[SLACK])
        assert kill_functions(notifications.engine)
        notifications.wait_until_empty()
    for channel in BOTH:
        single, gathered, _ = shown(notifications, channel, source)
        kept = {found[0] for each in notifications.failures(source) if (found := re.search(r"event-\d+", each.body))}
        assert len(single | kept) + gathered >= count
        assert len(single) + gathered <= count + 2, "told twice only what was on its way when its function died"


def test_an_approver_s_link_never_comes_into_the_outbox(notifications: Notifications) -> None:
    topic = notifications.deployment.outputs["approval_workflow"]["topic_arn"]
    asked, told = marker(), marker()
    with notifications.only("approval_workflow"):
        notifications.publish(topic, asked, "https://x/decisions/1", recipient="bert", kind="approval_asked")
        notifications.publish(topic, told, "Bert denied it.", recipient="ada", kind="outcome")
        notifications.heard(SLACK, told)
        notifications.wait_until_empty()
    assert not notifications.told(SLACK, asked)


def test_secrets_are_told_to_nobody_and_addresses_are_nowhere(notifications: Notifications, local: Applied) -> None:
    source, said = notifications.source(), marker()
    notifications.chat.trouble(TEAMS, Trouble.GONE)
    with notifications.only(source):
        notifications.say(source, said, f"pushed with token={SECRET} <!channel>")
        notifications.heard(SLACK, said)
        notifications.wait(lambda: notifications.failures(said))
    assert SECRET not in json.dumps([each.message for each in notifications.chat.posts])
    name = notifications.outputs["function_names"]["send_notifications"]
    function = notifications.deployment.client("lambda").get_function_configuration(FunctionName=name)
    everything: list[Any] = [local.plan, local.state, function["Environment"], notifications.log_text()]
    failures = [[each.reason, each.raw["MessageAttributes"]] for each in notifications.failures("")]
    for place in (*everything, failures):
        for part in (notifications.chat.url, "T00000000", "not-a-real-signature"):
            assert part not in json.dumps(place, default=str)
    assert SECRET not in notifications.log_text()
    move(notifications.triage, lambda each: said in each.body, notifications.triage.throw_away, rate=50)


def test_the_demo_shows_what_slack_and_teams_got(notifications: Notifications) -> None:
    told = io.StringIO()
    story.tell(notifications.deployment, Console(file=told, width=120))
    for expected in (
        "🔴 Alarm: workflows-local-notifications-failures",
        "token=***",
        "more notifications",
        "told 1 time",
        "the new address was tried",
    ):
        assert expected in told.getvalue()
