"""The judgement of metric alarms: exact dimensions, M of N periods, missing data.

The environment variable ENGINE_TIME_ALARM_SCALE shortens every alarm's period: with 0.05 a minute lasts 3 seconds.
`POST /_local/alarms {"scale": 0.0005}` sets another scale, and answers with the one before: {"scale": 0.05}.
"""

import json
import math
import operator
import os
import time
from typing import Any

from ministack import app
from ministack.services import cloudwatch as engine

from scripts.local_engine.mends.cloudwatch.alarms import move
from scripts.local_engine.mends.cloudwatch.series import ExpressionError, of_metric, of_queries, period_of
from scripts.local_engine.patching import Function, wrap

PATH = "/_local/alarms"
SCALE = float(os.environ.get("ENGINE_TIME_ALARM_SCALE", "1"))
_EXTRA_PERIODS = 2  # AWS looks further back than the evaluation periods, without saying how far
_CATCH_UP = 60  # minutes; an engine that stood still tells of what happened meanwhile
_MINUTE = 60
_TICK_SECONDS = 1  # nobody looks more often
_COMPARISONS = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
_judged: dict[str, int] = {}
_now = {"scale": SCALE}


def evaluate(_original: Any, alarm: dict[str, Any]) -> None:
    """Judge an alarm at the end of every minute since it was last judged, and now.

    AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html (a sliding window)
    Engine: judged only when data came in, over all metrics of that name whatever their dimensions, without M of N,
    missing data or metric math.
    """
    scale, queries = _now["scale"], alarm.get("Metrics")
    period = scale * (period_of(queries) if queries else alarm.get("Period", _MINUTE))
    step = min(period, max(_MINUTE * scale, _TICK_SECONDS))
    now = math.floor(time.time() / step)
    first = max(_judged.get(alarm["AlarmArn"], now - 1) + 1, now - _CATCH_UP)
    for end in [*range(first, now), now]:
        try:
            values = _window(alarm, period, end * step)
        except ExpressionError as error:
            _turn(alarm, "INSUFFICIENT_DATA", str(error))
        else:
            _turn(alarm, state(alarm, values), _reason(alarm, values))
    _judged[alarm["AlarmArn"]] = now


def _window(alarm: dict[str, Any], period: float, end: float) -> list[float]:
    """Return the values of the periods up to `end`, newest first: the newest N, from as far back as AWS looks."""
    looked_at = alarm["EvaluationPeriods"] + _EXTRA_PERIODS
    if queries := alarm.get("Metrics"):
        found = of_queries(queries, period, end)
        watched = found[next(query["Id"] for query in queries if query.get("ReturnData", True))]
        series = watched if isinstance(watched, dict) else {}
    else:
        statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
        series = of_metric(alarm, statistic, period, alarm.get("Unit"), end, since=end - looked_at * period)
    return [series[at] for at in range(-1, -1 - looked_at, -1) if at in series][: alarm["EvaluationPeriods"]]


def state(alarm: dict[str, Any], values: list[float]) -> str:
    """Return the state an alarm takes from its newest values, those missing filled in as it says.

    AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html#alarms-and-missing-data
    """
    periods = alarm["EvaluationPeriods"]
    needed = alarm.get("DatapointsToAlarm") or periods
    compare, _ = _COMPARISONS[alarm["ComparisonOperator"]]
    breaching = sum(compare(value, alarm["Threshold"]) for value in values)
    missing = periods - len(values)
    treatment = alarm.get("TreatMissingData") or "missing"
    if treatment == "missing" and not values:
        return "INSUFFICIENT_DATA"
    if treatment == "missing":
        return "ALARM" if breaching >= min(needed, len(values)) else "OK"
    if treatment == "ignore" and breaching < needed <= breaching + missing:
        return str(alarm["StateValue"])
    filled = missing if treatment == "breaching" else 0
    return "ALARM" if breaching + filled >= needed else "OK"


def _reason(alarm: dict[str, Any], values: list[float]) -> str:
    if not values:
        return f"Threshold Crossed: no datapoints were received for {alarm['EvaluationPeriods']} period(s)"
    _, relation = _COMPARISONS[alarm["ComparisonOperator"]]
    compare, _ = _COMPARISONS[alarm["ComparisonOperator"]]
    breaching = sum(compare(value, alarm["Threshold"]) for value in values)
    return (
        f"Threshold Crossed: {breaching} out of the last {len(values)} datapoints {values} "
        f"was {relation} the threshold ({alarm['Threshold']})."
    )


def _turn(alarm: dict[str, Any], new: str, reason: str) -> None:
    if new != alarm["StateValue"]:
        move(alarm, new, reason)


async def _rescale(original: Function, path: str, method: str, body: bytes) -> Any:
    """Set the scale of time. Engine: alarms took a day to judge a day."""
    if path != PATH or method != "POST":
        return await original(path, method, body)
    before = json.dumps(_now).encode()
    _now.update(json.loads(body))
    _judged.clear()  # the periods have other numbers now
    return 200, {"Content-Type": "application/json"}, before


def apply() -> None:
    """Mend the judgement of metric alarms."""
    wrap(app, "_handle_admin_config_request")(_rescale)
    wrap(engine, "_evaluate_alarm")(evaluate)
