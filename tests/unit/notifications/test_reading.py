"""Every kind of message and event is read into words that may be shown, and whatever else there is, too."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.domain.incoming import DigestDue, Text, incoming
from notifications.domain.notification import MAX_FACTS, Notification
from notifications.domain.reading import read
from notifications.domain.severity import Severity

EVENTS = Path(__file__).parents[2] / "events"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
)
# Whatever is odd in them, what marks them as what they are is there.
EVENT_LIKE = st.sampled_from(
    [
        ("aws.states", "Step Functions Execution Status Change"),
        ("aws.codebuild", "CodeBuild Build State Change"),
        ("aws.ec2", "EC2 Instance State-change Notification"),
        ("aws.ec2", "EBS Volume Notification"),
        ("aws.health", "AWS Health Event"),
        ("aws.ce", "Anomaly Detected"),
        ("aws.s3", "Object Created"),
    ]
)


def event(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return found


def reading(body: object) -> Notification:
    given = incoming(body if isinstance(body, str) else json.dumps(body), "workflows-dev")
    assert not isinstance(given, DigestDue)
    return read(given)


@pytest.mark.parametrize(
    ("name", "kind", "source", "severity", "title"),
    [
        ("sns_alarm", "alarm", "alarms", "critical", "Alarm: workflows-dev-queue-processor-failures"),
        ("sns_cleanup_report", "report", "volume_cleanup", "error", "Volume clean-up: 2 deleted, 1 marked, 1 failed"),
        ("sns_approval_asked", "approval", "approval_workflow", "info", "Approval asked by ada (3f1c)"),
        ("sns_approval_outcome", "approval", "approval_workflow", "warning", "Request 3f1c was denied"),
        ("sns_pipeline_outcome", "build", "gitops_pipeline", "error", "Rolled back: workflows main 0a1b2c3d4e5f"),
        ("sns_budget", "other", "budgets", "warning", "AWS Budgets: monthly has exceeded your alert threshold"),
        (
            "stepfunctions_execution_failed",
            "machine",
            "aws.states",
            "error",
            "State machine workflows-dev-etl-pipeline failed",
        ),
        ("codebuild_build_failed", "build", "aws.codebuild", "error", "Build of workflows-dev-unit-tests failed"),
        ("ec2_instance_state_change", "resource", "aws.ec2", "warning", "Instance i-0123456789abcdef0 is stopped"),
        (
            "ec2_spot_interruption",
            "resource",
            "aws.ec2",
            "warning",
            "Spot instance i-0123456789abcdef0: EC2 will terminate it in two minutes",
        ),
        ("ebs_snapshot_failed", "resource", "aws.ec2", "error", "createSnapshot of snap-00000000000000001: failed"),
        ("ebs_volume_failed", "resource", "aws.ec2", "error", "createVolume of vol-00000000000000009: failed"),
        (
            "health_event",
            "account",
            "aws.health",
            "error",
            "AWS Health: EC2 AWS_EC2_INSTANCE_STORE_DRIVE_PERFORMANCE_DEGRADED",
        ),
        (
            "cost_anomaly",
            "account",
            "aws.ce",
            "warning",
            "Cost anomaly: 1001 USD for Amazon Elastic Compute Cloud - Compute",
        ),
        (
            "guardduty_finding",
            "other",
            "aws.guardduty",
            "info",
            "GuardDuty Finding: i-0123456789abcdef0 is performing SSH brute force attacks.",
        ),
        ("ec2_ami_state_change", "other", "aws.ec2", "info", "EC2 AMI State Change: available"),
    ],
)
def test_what_was_recorded_reads_well(name: str, kind: str, source: str, severity: str, title: str) -> None:
    found = reading(event(name))
    assert (found.kind, found.source, found.severity.word, found.title) == (kind, source, severity, title)


def test_an_alarm_says_why_where_and_what_to_do() -> None:
    found = reading(event("sns_alarm"))
    assert "Group the failure queue" in found.text
    assert dict(found.facts)["Why"].startswith("Threshold Crossed")
    assert dict(found.facts)["QueueName"] == "workflows-dev-queue-processor-failures"
    [(label, url)] = found.links
    assert label == "Alarm"
    assert url.startswith("https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#alarmsV2:alarm/")


def test_an_alarm_that_recovers_is_another_notification_than_the_one_that_fires() -> None:
    fired = event("sns_alarm")
    message = json.loads(fired["Message"]) | {"NewStateValue": "OK", "OldStateValue": "ALARM"}
    recovered = reading(fired | {"Message": json.dumps(message)})
    assert (recovered.title.partition(":")[0], recovered.severity) == ("Recovered", Severity.INFO)
    again = json.loads(fired["Message"]) | {"StateChangeTime": "2026-11-23T09:31:00.000+0000"}
    prints = {reading(each).fingerprint for each in (fired, fired | {"Message": json.dumps(again)})}
    assert len(prints | {recovered.fingerprint}) == 3, "or a flapping alarm would seem to have recovered"


def test_an_alarm_about_a_machine_names_it_for_its_owner() -> None:
    message = json.loads(event("sns_alarm")["Message"])
    message["Trigger"]["Dimensions"] = [{"Name": "InstanceId", "Value": "i-1"}]
    assert reading(event("sns_alarm") | {"Message": json.dumps(message)}).resource == "i-1"


def test_a_request_is_told_without_its_approvers_link_and_once_for_all_of_them() -> None:
    asked = event("sns_approval_asked")
    found = reading(asked)
    assert "https://" not in json.dumps(vars(found), default=str)
    assert dict(found.facts)["Purpose"] == "Try the new release"
    cleo = json.loads(json.dumps(asked).replace("A-_0", "B-_1").replace('"bert"', '"cleo"'))
    assert cleo["Message"] != asked["Message"]
    assert reading(cleo | {"MessageId": "another"}).fingerprint == found.fingerprint


def test_an_event_that_is_delivered_twice_is_one_notification_and_its_repetition_is_another() -> None:
    stopped = event("ec2_instance_state_change")
    assert reading(stopped | {"id": "another"}).fingerprint == reading(stopped).fingerprint
    assert reading(stopped | {"time": "2026-11-23T10:30:00Z"}).fingerprint != reading(stopped).fingerprint


def test_a_report_keeps_its_headings_with_what_they_are_about() -> None:
    found = reading(event("sns_cleanup_report"))
    assert "DONE DELETE: 2\n  vol-00000000000000001" in found.text
    assert "DONE DELETE" not in dict(found.facts)
    assert found.owner == "operators"


@pytest.mark.parametrize(("subject", "severity"), [
    ("Failed to load planes: BadHeader", "error"), ("Loaded planes: 3 of 3 rows", "info"),
    ("3 of your volumes will be deleted", "warning"), ("Failed: workflows main 0a1b", "error"),
])  # fmt: skip
def test_how_bad_a_text_is_follows_from_its_words(subject: str, severity: str) -> None:
    assert reading(event("sns_budget") | {"Subject": subject}).severity.word == severity


def test_an_event_about_an_encrypted_execution_says_where_its_error_is_told() -> None:
    found = reading(event("stepfunctions_execution_encrypted"))
    assert found.title == "State machine workflows-dev-etl-pipeline failed"
    assert found.text == "The execution tells why, to those who may use its key."
    assert found.links


def test_secrets_are_shown_nowhere() -> None:
    found = reading(event("stepfunctions_execution_failed"))
    assert found.text == "BadHeader: the file has no column tailnum; password=***"
    shown = json.dumps(vars(found), default=str)
    assert "hunter2" not in shown
    assert "not shown" not in shown, "an execution's input is nobody's business"


@pytest.mark.parametrize("body", ["", "plain words", "[]", "3", "{", '{"detail-type": "x"}', "\x00\ud800"])
def test_what_nobody_agreed_on_is_told_as_it_is(body: str) -> None:
    found = reading(body)
    assert (found.kind, found.source) == ("other", "queue")
    assert found.title
    assert found.text.isprintable()


@given(JSON, EVENT_LIKE, JSON)
def test_an_event_may_be_as_odd_as_it_likes(detail: object, known: tuple[str, str], resources: object) -> None:
    odd = {"source": known[0], "detail-type": known[1], "detail": {"x": detail}, "resources": resources}
    assert shown_well(reading(odd))
    if isinstance(detail, dict):
        assert shown_well(reading(odd | {"detail": detail}))


@given(JSON, st.text(), st.dictionaries(st.sampled_from(["kind", "recipient"]), JSON))
def test_a_message_may_be_as_odd_as_it_likes(document: object, subject: str, attributes: dict[str, object]) -> None:
    odd = {
        "Type": "Notification", "TopicArn": "arn", "Message": json.dumps(document), "Subject": subject,
        "MessageAttributes": {name: {"Value": value} for name, value in attributes.items()},
    }  # fmt: skip
    assert shown_well(reading(odd))


def shown_well(found: Notification) -> bool:
    """Everything that is shown can be shown: it has words, no characters that nobody sees, and not too many facts."""
    texts = [found.title, found.source, *(text for fact in found.facts for text in fact)]
    whole = all(each.isprintable() or each in "\n\t" for text in [*texts, found.text] for each in text)
    return bool(found.title) and whole and len(found.facts) <= MAX_FACTS and len(found.fingerprint) == 32


def test_a_reminder_of_a_digest_is_told_from_what_looks_like_one() -> None:
    due = DigestDue("all", "ops", 1_800_000_000, 300)
    assert incoming(due.to_body(), "x") == due
    assert isinstance(incoming('{"digest_due": {"route": "all"}}', "x"), Text)
    assert isinstance(incoming(due.to_body().replace("300", '"soon"'), "x"), Text)
