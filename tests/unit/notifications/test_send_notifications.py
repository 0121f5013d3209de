"""SendNotifications, from recorded events to what Slack and Teams get: told once, later, or kept with the reason."""

import json
from io import StringIO
from typing import Any

import pytest
from botocore.exceptions import ClientError

from notifications.adapters import owners, reminders
from notifications.handlers import send_notifications
from scripts.chat.server import Trouble
from shared.clients import client
from tests.unit.notifications.workflow import CLAIMS, SECRET, Workflow


@pytest.fixture(autouse=True)
def addresses(workflow: Workflow) -> None:
    workflow.address()


def texts(message: dict[str, Any]) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}


def test_an_alarm_is_told_in_slack_and_in_teams(workflow: Workflow) -> None:
    assert workflow.send(workflow.event("sns_alarm")) == []
    [slack], [teams] = workflow.chat.of("ops"), workflow.chat.of("desk")
    for post in (slack, teams):
        assert "🔴 Alarm: workflows-dev-queue-processor-failures" in post.text
        assert "Group the failure queue" in post.text
    assert (slack.service, teams.service) == ("slack", "teams")
    assert workflow.chat.complaints == []


def test_the_same_message_again_and_the_same_news_in_another_are_not_told_again(workflow: Workflow) -> None:
    alarm = workflow.event("sns_alarm")
    assert workflow.send(alarm, alarm, workflow.event("sns_alarm", 2)) == []
    assert len(workflow.chat.posts) == 2
    workflow.now += 301
    workflow.send(workflow.event("sns_alarm", 3))
    assert len(workflow.chat.posts) == 4


def test_a_busy_channel_has_the_message_shown_again_when_it_said(workflow: Workflow) -> None:
    workflow.chat.trouble("ops", Trouble.BUSY, seconds=42)
    assert workflow.send(workflow.event("sns_alarm"), workflow.event("health_event", 2)) == ["m-1", "m-2"]
    assert workflow.delays == {"m-1": 42, "m-2": 42}
    assert len(workflow.chat.attempts["ops"]) == 1, "nobody knocks again meanwhile"
    assert workflow.send(workflow.event("sns_alarm", receives=2), workflow.event("health_event", 2, receives=2)) == []
    assert (len(workflow.chat.of("ops")), len(workflow.chat.of("desk"))) == (2, 2)


@pytest.mark.parametrize("trouble", [Trouble.BROKEN, Trouble.DROPPED, Trouble.SLOW, Trouble.DRIPPING])
def test_a_trouble_that_may_pass_is_waited_out_longer_each_time(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch, trouble: Trouble
) -> None:
    monkeypatch.setattr(send_notifications, "jittered", lambda tried, first, longest: min(longest, first * 2.0**tried))
    monkeypatch.setenv("POST_SECONDS", "2")
    monkeypatch.setattr("scripts.chat.server._DRIP_SECONDS", 0.4)  # there is no status long after these are over
    workflow.chat.trouble("ops", trouble, times=2, seconds=20)
    assert workflow.send(workflow.event("sns_alarm")) == ["m-1"]
    assert workflow.delays == {"m-1": 3}
    assert workflow.send(workflow.event("sns_alarm", receives=2)) == ["m-1"]
    assert workflow.delays == {"m-1": 5}
    assert workflow.send(workflow.event("sns_alarm", receives=2)) == []
    assert (len(workflow.chat.of("ops")), len(workflow.chat.of("desk"))) == (1, 1)


def test_a_webhook_that_is_gone_is_on_the_failure_queue_at_once_with_the_channel(workflow: Workflow) -> None:
    workflow.chat.trouble("ops", Trouble.GONE)
    assert workflow.send(workflow.event("sns_alarm")) == []
    [failure] = workflow.failures()
    assert json.loads(failure["Body"])["Type"] == "Notification"
    assert texts(failure) == {
        "channels": "ops",
        "error_type": "Rejected",
        "first_seen": "2027-01-15T08:00:00.000+00:00",
        "reason": "the channel answered 404: no_service",
        "source_message_id": "m-1",
    }
    assert len(workflow.chat.of("desk")) == 1
    back = workflow.message(failure["Body"], 2, channels="ops")
    assert workflow.send(back) == []
    assert (len(workflow.chat.of("ops")), len(workflow.chat.of("desk"))) == (1, 1)


def test_the_last_attempt_keeps_the_message_with_the_reason(workflow: Workflow) -> None:
    workflow.chat.trouble("ops", Trouble.BROKEN)
    assert workflow.send(workflow.event("sns_alarm", receives=3)) == []
    [failure] = workflow.failures()
    assert texts(failure)["reason"] == "the channel answered 500: rollup_error"


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("{}", "the secret holds no address of the channel"),
        ('{"ops": 1, "desk": ""}', "the secret holds no address of the channel"),
        ("[]", "the secret is not a JSON object"),
        ("https://hooks.slack.com/", "the secret is not JSON"),
    ],
)
def test_a_channel_without_an_address_is_waited_for(
    workflow: Workflow, log: StringIO, secret: str, reason: str
) -> None:
    workflow.address(secret)
    assert workflow.send(workflow.event("sns_alarm")) == ["m-1"]
    assert workflow.delays["m-1"] >= 1
    assert reason in log.getvalue()
    workflow.address()
    assert workflow.send(workflow.event("sns_alarm", receives=2)) == []
    assert len(workflow.chat.posts) == 2


def test_a_secret_that_nobody_has_filled_is_waited_for(workflow: Workflow, log: StringIO) -> None:
    secrets = client("secretsmanager")
    secrets.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    secrets.create_secret(Name=SECRET)
    assert workflow.send(workflow.event("sns_alarm")) == ["m-1"]
    assert "nobody has put addresses into the secret" in log.getvalue()


def test_an_address_that_is_not_allowed_is_never_called(workflow: Workflow) -> None:
    workflow.address(json.dumps({"ops": "https://evil.example/x", "desk": workflow.chat.teams("desk")}))
    assert workflow.send(workflow.event("sns_alarm")) == []
    [failure] = workflow.failures()
    assert texts(failure)["reason"] == "the channel's address is on a host that is not allowed"


def test_neither_the_log_nor_the_failure_queue_nor_the_table_knows_an_address_or_what_was_said(
    workflow: Workflow, log: StringIO
) -> None:
    for trouble in (Trouble.GONE, Trouble.BROKEN, Trouble.BUSY, Trouble.DROPPED):
        workflow.chat.trouble("ops", trouble)
        workflow.chat.trouble("desk", trouble)
    for receives in (1, 2, 3):
        workflow.send(workflow.event("stepfunctions_execution_failed", receives=receives))
    kept = json.dumps([workflow.failures(), client("dynamodb").scan(TableName=CLAIMS)["Items"]])
    for secret in (workflow.chat.url, "T00000000", "not-a-real-signature"):
        assert secret not in log.getvalue() + kept
    assert "hunter2" not in log.getvalue()
    assert "BadHeader" not in log.getvalue()


def test_settings_are_read_again_only_when_they_are_a_minute_old(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow.send(workflow.event("sns_alarm"))
    monkeypatch.setattr(client("ssm", hasty=True), "get_parameter", lambda **_: pytest.fail("read again"))
    monkeypatch.setattr(client("secretsmanager", hasty=True), "get_secret_value", lambda **_: pytest.fail("read again"))
    assert workflow.send(workflow.event("health_event")) == []


def test_settings_that_cannot_be_read_are_waited_for(workflow: Workflow, log: StringIO) -> None:
    workflow.agree(routes=[])
    assert workflow.send(workflow.event("sns_alarm")) == ["m-1"]
    assert "the last route must take everything" in log.getvalue()
    client("ssm").put_parameter(Name="/workflows/notifications/settings", Value="{", Type="String", Overwrite=True)
    assert workflow.send(workflow.event("sns_alarm", receives=2)) == ["m-1"]


def test_an_owner_is_found_by_the_tag_of_the_resource(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    class Ec2:
        def describe_tags(self, **wanted: Any) -> dict[str, Any]:
            asked.append(wanted)
            return {"Tags": [{"Key": "owner", "Value": "ada"}] if len(asked) == 1 else []}

    monkeypatch.setattr(owners, "client", lambda *_, **__: Ec2())
    routes = [{"name": "ada's", "owners": ["ada"], "channels": ["desk"]}, {"name": "rest", "channels": ["ops"]}]
    workflow.agree(routes=routes)
    stopped = workflow.event("ec2_instance_state_change")
    workflow.send(stopped, workflow.event("ebs_volume_failed", 2))
    assert "for ada" in workflow.chat.of("desk")[0].text
    assert "vol-00000000000000009" in workflow.chat.of("ops")[0].text
    assert asked[0]["Filters"] == [
        {"Name": "resource-id", "Values": ["i-0123456789abcdef0"]},
        {"Name": "key", "Values": ["owner"]},
    ]


def test_an_owner_that_ec2_does_not_tell_is_asked_for_again(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = {"Error": {"Code": "RequestLimitExceeded"}, "ResponseMetadata": {"HTTPStatusCode": 503}}

    class Ec2:
        def describe_tags(self, **_: Any) -> dict[str, Any]:
            raise ClientError(error, "DescribeTags")  # type: ignore[arg-type]  # the parts that are looked at

    monkeypatch.setattr(owners, "client", lambda *_, **__: Ec2())
    workflow.agree(routes=[{"name": "own", "owners": ["*"], "channels": []}, {"name": "rest", "channels": ["ops"]}])
    assert workflow.send(workflow.event("ec2_instance_state_change")) == ["m-1"]
    assert workflow.delays["m-1"] >= 1


def test_a_storm_becomes_one_digest(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    workflow.agree(storm={"limit": 2, "seconds": 300}, routes=[{"name": "all", "channels": ["ops"]}])
    reminded: list[tuple[Any, int]] = []
    monkeypatch.setattr(reminders, "remind", lambda _queue, due, seconds: reminded.append((due, seconds)))
    workflow.now += 10
    names = ["sns_alarm", "health_event", "cost_anomaly", "sns_budget", "guardduty_finding"]
    assert workflow.send(*(workflow.event(name, number) for number, name in enumerate(names))) == []
    assert len(workflow.chat.of("ops")) == 2
    [(due, seconds)] = reminded
    assert seconds == 290
    assert workflow.send(workflow.message(due.to_body(), 9)) == ["m-9"]
    assert workflow.delays == {"m-9": 290}
    workflow.now += 290
    again = [workflow.message(due.to_body(), number, receives=2) for number in (9, 10)]
    assert workflow.send(*again) == []
    [_, _, digest] = workflow.chat.of("ops")
    assert "3 more notifications in 5 minutes" in digest.text
    assert "1 x warning: AWS Budgets" in digest.text


def test_a_reminder_is_put_into_our_own_queue_for_later(workflow: Workflow) -> None:
    workflow.agree(storm={"limit": 1, "seconds": 900}, routes=[{"name": "all", "channels": ["ops"]}])
    workflow.send(workflow.event("sns_alarm"), workflow.event("health_event", 2), workflow.event("sns_budget", 3))
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"]
    counted = client("sqs").get_queue_attributes(QueueUrl=workflow.queue, AttributeNames=names)["Attributes"]
    assert counted == {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesDelayed": "1"}


def test_a_batch_without_time_is_left_for_the_next_function(workflow: Workflow) -> None:
    assert workflow.send(workflow.event("sns_alarm"), workflow.event("sns_budget", 2), seconds=5) == ["m-1", "m-2"]
    assert workflow.delays == {}
    assert workflow.chat.posts == []


def test_what_became_of_everything_is_counted(workflow: Workflow, log: StringIO, capsys: Any) -> None:
    workflow.chat.trouble("ops", Trouble.GONE)
    workflow.send(workflow.event("sns_alarm"), workflow.event("sns_alarm", 2))
    counts = json.loads(log.getvalue().splitlines()[-1])["counts"]
    assert counts == {"Sent": 2, "GivenUp": 1, "Duplicates": 1}
    metrics = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (metrics["Sent"], metrics["GivenUp"], metrics["Gathered"]) == ([2.0], [1.0], [0.0])
