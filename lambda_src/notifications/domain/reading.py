"""Reads whatever comes in: each kind has words of its own, and a readable default is there for any other."""

from collections.abc import Callable
from dataclasses import replace

from notifications.domain.incoming import Event, Published, Text
from notifications.domain.notification import Notification
from notifications.domain.readers import account, alarms, builds, machines, resources, texts

_EVENTS: dict[tuple[str, str], Callable[[Event], Notification]] = {
    ("aws.ce", "Anomaly Detected"): account.read_anomaly,
    ("aws.codebuild", "CodeBuild Build State Change"): builds.read,
    ("aws.ec2", "EBS Snapshot Notification"): resources.read_storage,
    ("aws.ec2", "EBS Multi-Volume Snapshots Completion Status"): resources.read_storage,
    ("aws.ec2", "EBS Volume Notification"): resources.read_storage,
    ("aws.ec2", "EC2 Instance State-change Notification"): resources.read_state,
    ("aws.ec2", "EC2 Spot Instance Interruption Warning"): resources.read_interruption,
    ("aws.health", "AWS Health Abuse Event"): account.read_health,
    ("aws.health", "AWS Health Event"): account.read_health,
    ("aws.states", "Step Functions Execution Status Change"): machines.read,
}


def read(given: Published | Event | Text) -> Notification:
    """Put what came in into words that may be shown to people; it never fails."""
    try:
        return _words(given).fit_to_show()
    except (AttributeError, KeyError, TypeError, ValueError):  # it does not have the form that its kind has
        return _plain(given).fit_to_show()


def _words(given: Published | Event | Text) -> Notification:
    match given:
        case Event():
            return _EVENTS.get((given.source, given.kind), texts.read_event)(given)
        case Published():
            return _message(given)
    return texts.read_text(given)


def _message(published: Published) -> Notification:
    document = published.document
    if document is not None and alarms.is_alarm(document):
        return alarms.read(published, document)
    if builds.is_outcome(published):
        return builds.read_outcome(published)
    return texts.read(published)


def _plain(given: Published | Event | Text) -> Notification:
    match given:
        case Event():
            return texts.read_event(given)
        case Published():
            return replace(texts.read_text(Text(given.message)), source=given.topic, at=given.at)
    return texts.read_text(given)
