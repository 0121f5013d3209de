"""The judgement of metric alarms: exact dimensions, M of N periods, missing data.

The environment variable ENGINE_TIME_ALARM_SCALE shortens every alarm's period: with 0.05 a minute lasts 3 seconds.
"""

import math
import operator
import os
import time
from typing import Any

from ministack.services import cloudwatch as engine

from scripts.local_engine.mends.cloudwatch.alarms import move
from scripts.local_engine.mends.cloudwatch.series import ExpressionError, Series, of_metric, of_queries
from scripts.local_engine.patching import wrap

SCALE = float(os.environ.get("ENGINE_TIME_ALARM_SCALE", "1"))
_EXTRA_PERIODS = 2  # AWS looks further back than the evaluation periods, without saying how far
_CATCH_UP = 10
_COMPARISONS = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
_judged: dict[str, int] = {}


def evaluate(_original: Any, alarm: dict[str, Any]) -> None:
    """Judge an alarm at the end of every period since it was last judged, and now.

    AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html#alarm-evaluation
    Engine: judged only when data came in, over all metrics of that name whatever their dimensions, without M of N,
    missing data or metric math.
    """
    try:
        series, period = _series(alarm)
    except ExpressionError as error:
        _turn(alarm, "INSUFFICIENT_DATA", str(error))
        return
    now = math.floor(time.time() / period)
    first = max(_judged.get(alarm["AlarmArn"], now - 1) + 1, now - _CATCH_UP)
    for end in [*range(first, now), now]:
        values = _window(alarm, series, end)
        _turn(alarm, state(alarm, values), _reason(alarm, values))
    _judged[alarm["AlarmArn"]] = now


def _series(alarm: dict[str, Any]) -> tuple[Series, float]:
    """Return what the alarm watches, and its period in (scaled) seconds."""
    if queries := alarm.get("Metrics"):
        found, period = of_queries(queries, SCALE)
        watched = next(query["Id"] for query in queries if query.get("ReturnData", True))
        series = found[watched]
        return (series if isinstance(series, dict) else {}), period
    period = alarm.get("Period", 60) * SCALE
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
    looked_at = alarm["EvaluationPeriods"] + _EXTRA_PERIODS + _CATCH_UP + 1
    return of_metric(alarm, statistic, period, alarm.get("Unit"), time.time() - looked_at * period), period


def _window(alarm: dict[str, Any], series: Series, end: int) -> list[float]:
    """Return the values before period `end`, newest first: the newest N, from as far back as AWS looks."""
    periods = alarm["EvaluationPeriods"]
    looked_at = range(end - 1, end - 1 - periods - _EXTRA_PERIODS, -1)
    return [series[at] for at in looked_at if at in series][:periods]


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


def apply() -> None:
    """Mend the judgement of metric alarms."""
    wrap(engine, "_evaluate_alarm")(evaluate)
