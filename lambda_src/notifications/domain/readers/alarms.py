"""Alarms of CloudWatch, as they come through a topic."""

from collections.abc import Iterator, Mapping
from typing import Any

from notifications.domain.incoming import Published
from notifications.domain.notification import Notification
from notifications.domain.readers import consoles
from notifications.domain.severity import Severity

_STATES = {
    "ALARM": (Severity.CRITICAL, "Alarm"),
    "OK": (Severity.INFO, "Recovered"),
    "INSUFFICIENT_DATA": (Severity.WARNING, "No data"),
}


def is_alarm(document: Mapping[str, Any]) -> bool:
    """Tell whether a topic's message is an alarm's."""
    return isinstance(document.get("AlarmName"), str) and document.get("NewStateValue") in _STATES


def read(published: Published, document: Mapping[str, Any]) -> Notification:
    """Put an alarm's change of state into words.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions.html
    """
    severity, word = _STATES[document["NewStateValue"]]
    name, at = document["AlarmName"], str(document.get("StateChangeTime") or published.at)
    dimensions = dict(_dimensions(document))
    return Notification(
        kind="alarm",
        source=published.topic,
        severity=severity,
        title=f"{word}: {name}",
        text=str(document.get("AlarmDescription") or ""),
        facts=(
            ("Why", str(document.get("NewStateReason", ""))),
            ("Before", str(document.get("OldStateValue", ""))),
            ("Metric", _metric(document)),
            *dimensions.items(),
            ("Account", str(document.get("AWSAccountId", ""))),
        ),
        links=consoles.alarm(str(document.get("AlarmArn", "")), name),
        at=at,
        resource=dimensions.get("InstanceId") or dimensions.get("VolumeId") or "",
        occurrence=at,
    )


def _metric(document: Mapping[str, Any]) -> str:
    trigger = document.get("Trigger")
    names = [trigger.get("Namespace"), trigger.get("MetricName")] if isinstance(trigger, dict) else []
    return " ".join(str(name) for name in names if name)


def _dimensions(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield names and values of the metric's dimensions, whichever capitals they are spelled with."""
    trigger = document.get("Trigger")
    found = trigger.get("Dimensions") if isinstance(trigger, dict) else None
    for each in found if isinstance(found, list) else []:
        if isinstance(each, dict):
            spelled = {str(key).lower(): str(value) for key, value in each.items()}
            yield spelled.get("name", ""), spelled.get("value", "")
