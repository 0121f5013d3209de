"""AWS/ApiGateway: every call is counted, with its latencies.

AWS: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html - by API, by
API and stage, and, where a method's detailed metrics are on, by method. Engine: no metric.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ministack.services import apigateway_v1 as engine
from ministack.services import cloudwatch

if TYPE_CHECKING:
    from scripts.local_engine.mends.apigateway.call import Call

_REFUSALS, _FAILURES = range(400, 500), range(500, 600)


def publish(call: Call) -> None:
    """Record the metrics of an answered call; calls of a stage that does not exist count nowhere."""
    stage = call.settings()
    if not stage:
        return
    by_name = {"ApiName": engine._rest_apis[call.api_id]["name"]}
    by_stage = {**by_name, "Stage": call.stage}
    wanted = [by_name, by_stage]
    path = (call.resource or {}).get("path", "")
    if path and (engine._method_throttle_settings(stage, path, call.method) or {}).get("metricsEnabled"):
        wanted.append({**by_stage, "Method": call.method, "Resource": path})
    for dimensions in wanted:
        for name, (value, unit) in _values(call).items():
            cloudwatch.record_metric("AWS/ApiGateway", name, value, unit, dimensions)


def _values(call: Call) -> dict[str, tuple[float, str]]:
    values = {
        "Count": (1.0, "Count"),
        "4XXError": (float(call.status in _REFUSALS), "Count"),
        "5XXError": (float(call.status in _FAILURES), "Count"),
        "Latency": (float(call.latency()), "Milliseconds"),
    }
    if call.integration_latency is not None:
        values["IntegrationLatency"] = (float(call.integration_latency), "Milliseconds")
    return values
