"""GetMetricData with expressions."""

import math
from datetime import UTC, datetime
from typing import Any

from ministack.services import cloudwatch as engine

from scripts.local_engine.mends.cloudwatch.series import ExpressionError, of_queries, period_of
from scripts.local_engine.patching import wrap


def get_metric_data(original: Any, params: Any, cbor_data: dict[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
    """Answer queries with expressions too.

    AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
    Engine: an expression had no values, and a metric asked for without dimensions got those of every dimension.
    """
    if not (is_cbor or is_json):
        return original(params, cbor_data, is_cbor, is_json)
    queries = cbor_data.get("MetricDataQueries", [])
    try:
        period = period_of(queries)
        found = of_queries(queries, period)
    except ExpressionError as error:
        return engine._error("ValidationError", str(error), 400, use_json=is_json, use_cbor=is_cbor)
    start, end = (engine._parse_ts(cbor_data.get(key)) for key in ("StartTime", "EndTime"))
    newest_first = cbor_data.get("ScanBy") != "TimestampAscending"
    results = [
        _result(query, found[query["Id"]], period, (start or 0, end or math.inf), newest_first=newest_first)
        for query in queries
        if query.get("ReturnData", True)
    ]
    if is_cbor:
        return engine._cbor_ok({"MetricDataResults": [engine._cbor_metric_data_result(result) for result in results]})
    return engine._json_ok({"MetricDataResults": results})


def _result(
    query: dict[str, Any], series: Any, period: float, between: tuple[float, float], *, newest_first: bool
) -> dict[str, Any]:
    values = series if isinstance(series, dict) else {math.floor(between[0] / period): series}
    shown = sorted(at for at in values if between[0] < (at + 1) * period and at * period < between[1])
    if newest_first:
        shown.reverse()
    stamps = [datetime.fromtimestamp(at * period, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in shown]
    label = query.get("Label") or query.get("MetricStat", {}).get("Metric", {}).get("MetricName") or query["Id"]
    return {
        "Id": query["Id"],
        "Label": label,
        "Timestamps": stamps,
        "Values": [values[at] for at in shown],
        "StatusCode": "Complete",
    }


def apply() -> None:
    """Mend the reading of metrics."""
    wrap(engine, "_get_metric_data")(get_metric_data)
