"""Alarms as resources: everything that is put is kept, and described again whole; changes of state are events."""

import json
import time
from datetime import UTC, datetime
from typing import Any

from ministack.services import cloudwatch as engine
from ministack.services import eventbridge

from scripts.local_engine.mends.cloudwatch.wire import structure, xml
from scripts.local_engine.patching import wrap

type Request = dict[str, Any]

_NUMBERS = {
    "Period": int,
    "EvaluationPeriods": int,
    "DatapointsToAlarm": int,
    "Threshold": float,
}
_OPTIONAL = (
    "Metrics",
    "ThresholdMetricId",
    "EvaluateLowSampleCountPercentile",
    "InsufficientDataActions",
    "Unit",
)
_OF_ONE_METRIC = ("MetricName", "Namespace", "Statistic", "Period")


def put_metric_alarm(original: Any, params: Any, cbor_data: Request, is_cbor: bool, is_json: bool = False) -> Any:
    """Keep every member of an alarm.

    AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    Engine: dropped Metrics (metric math) and some more, and gave every alarm a Statistic and a Period.
    """
    request = cbor_data if is_cbor or is_json else _typed(structure(params))
    tags = {key: value for key, value in params.items() if key.startswith("Tags.")}
    response = original(tags, request, is_cbor, True)
    alarm = engine._alarms.get(request.get("AlarmName"))
    if response[0] >= 300 or alarm is None:  # noqa: PLR2004 - HTTP
        return response if is_cbor or is_json else _refused(response)
    alarm.update({key: request[key] for key in _OPTIONAL if key in request})
    for key in _OF_ONE_METRIC:
        if key not in request:
            alarm.pop(key, None)
    engine._evaluate_alarm(alarm)
    return response if is_cbor or is_json else engine._xml(200, "PutMetricAlarmResponse", "")


def _typed(request: Request) -> Request:
    for key, kind in _NUMBERS.items():
        if request.get(key):
            request[key] = kind(request[key])
    request["ActionsEnabled"] = request.get("ActionsEnabled") != "false"
    for query in request.get("Metrics", []):
        if "ReturnData" in query:
            query["ReturnData"] = query["ReturnData"] == "true"
        for holder in (query, query.get("MetricStat", {})):
            if "Period" in holder:
                holder["Period"] = int(holder["Period"])
    return request


def _refused(response: Any) -> Any:
    told = json.loads(response[2])
    return engine._error(told.get("__type", "ValidationError"), told.get("message", ""), response[0])


def describe_alarms(original: Any, params: Any, cbor_data: Request, is_cbor: bool, is_json: bool = False) -> Any:
    """Describe alarms whole in the query protocol too.

    AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    Engine: left out dimensions, actions, period, statistic and more, so that Terraform saw drift in every alarm.
    """
    if is_cbor or is_json:
        return original(params, cbor_data, is_cbor, is_json)
    status, _, body = original({}, structure(params), False, True)
    answer = json.loads(body)
    if status != 200:  # noqa: PLR2004 - HTTP
        return _refused((status, {}, body))
    for alarm in [*answer["MetricAlarms"], *answer["CompositeAlarms"]]:
        for key in [key for key in alarm if key.endswith("Timestamp")]:
            alarm[key] = datetime.fromtimestamp(alarm[key], UTC).isoformat()
    return engine._xml(200, "DescribeAlarmsResponse", f"<DescribeAlarmsResult>{xml(answer)}</DescribeAlarmsResult>")


def record_history(
    original: Any,
    alarm_name: str,
    old_state: str,
    new_state: str,
    reason: str,
    alarm_type: str = "MetricAlarm",
    reason_data: Any = None,
) -> None:
    """Put an alarm's change of state on the default event bus.

    AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    Engine: sent no event.
    """
    original(alarm_name, old_state, new_state, reason, alarm_type, reason_data)
    alarm = engine._alarms.get(alarm_name) or engine._composite_alarms.get(alarm_name)
    if alarm is None or old_state == new_state:
        return
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    detail = {
        "alarmName": alarm_name,
        "state": {"value": new_state, "reason": reason, "timestamp": now},
        "previousState": {"value": old_state},
        "configuration": {"description": alarm.get("AlarmDescription", "")},
    }
    entry = {"Source": "aws.cloudwatch", "DetailType": "CloudWatch Alarm State Change", "Detail": json.dumps(detail)}
    eventbridge._put_events({"Entries": [{**entry, "Resources": [alarm["AlarmArn"]]}]}, allow_aws_source=True)


def move(alarm: dict[str, Any], state: str, reason: str) -> None:
    """Put a metric alarm into a state, with all that follows: history, event, actions, composite alarms."""
    old = alarm["StateValue"]
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    alarm["StateTransitionedTimestamp"] = alarm["StateUpdatedTimestamp"]
    engine._record_history(alarm["AlarmName"], old, state, reason)
    engine._dispatch_alarm_actions(alarm, old, state, reason)
    engine._evaluate_parent_alarms(alarm)


def apply() -> None:
    """Mend putting, describing and announcing alarms."""
    wrap(engine, "_put_metric_alarm")(put_metric_alarm)
    wrap(engine, "_describe_alarms")(describe_alarms)
    wrap(engine, "_record_history")(record_history)
