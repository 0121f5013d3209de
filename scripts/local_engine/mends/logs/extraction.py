"""Metrics out of log events: the embedded metric format, and metric filters."""

import json
import time
from collections.abc import Iterable
from typing import Any

from ministack.services import cloudwatch
from ministack.services import cloudwatch_logs as engine

from scripts.local_engine.mends.logs.matching import matches
from scripts.local_engine.mends.logs.patterns import value_of
from scripts.local_engine.patching import wrap

type Event = dict[str, Any]


def extract(original: Any, group_name: str, stream_name: str, events: list[Event]) -> Any:
    """Take the metrics out of events on their way into a log group.

    AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    and https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
    Engine: kept metric filters without applying them, and did not know the embedded format.
    """
    for event in events:
        if '"_aws"' in event["message"]:
            embedded(event["message"])
    filters = [each for (group, _), each in list(engine._metric_filters.items()) if group == group_name]
    for metric_filter in filters:
        _apply_filter(metric_filter, events)
    return original(group_name, stream_name, events)


def embedded(message: str) -> None:
    """Record the metrics of one event in the embedded metric format; anything else is passed over."""
    try:
        event = json.loads(message)
        about = event["_aws"]
        stamp = about.get("Timestamp", time.time() * 1000) / 1000
        for directive in about.get("CloudWatchMetrics", []):
            for dimensions in directive.get("Dimensions") or [[]]:
                named = {name: str(event[name]) for name in dimensions}
                for metric in directive["Metrics"]:
                    _store(
                        directive["Namespace"], metric["Name"], named, stamp, metric.get("Unit"), event[metric["Name"]]
                    )
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # AWS: an event that does not keep to the format is a log event like any other


def _store(namespace: str, name: str, dimensions: dict[str, str], stamp: float, unit: str | None, value: Any) -> None:
    values = value if isinstance(value, list) else [value]
    numbers = [float(each) for each in values]
    cloudwatch._store_datum(namespace, name, dimensions, stamp, unit or "None", None, numbers, None, None)


def _apply_filter(metric_filter: dict[str, Any], events: Iterable[Event]) -> None:
    for event in events:
        if not matches(metric_filter["filterPattern"], event["message"]):
            continue
        for change in metric_filter["metricTransformations"]:
            value = _transformed(change["metricValue"], event["message"])
            if value is not None:
                wanted = (change.get("dimensions") or {}).items()
                named = {name: str(value_of(event["message"], selector)) for name, selector in wanted}
                stamp = event["timestamp"] / 1000
                _store(change["metricNamespace"], change["metricName"], named, stamp, change.get("unit"), value)


def _transformed(value: str, message: str) -> float | None:
    found = value_of(message, value) if value.startswith("$") else value
    try:
        return float(found)
    except (TypeError, ValueError):
        return None


def apply() -> None:
    """Mend the place that every event of a log group passes."""
    wrap(engine, "_fanout_to_subscription_filters")(extract)
