"""REST APIs: stages, routes and access logs."""

import json
import re
from collections.abc import Iterator
from typing import Any

from scripts.doctor.adapters import logs
from scripts.doctor.adapters.reading import Reader
from scripts.doctor.facts import Api, ApiCall, Line, Route

_FUNCTION = re.compile(r"functions/(arn:[^/]+)/invocations")
_EMPTY = "-"


def apis(reader: Reader) -> Iterator[Api]:
    """Yield each stage of the environment's APIs."""
    for api in reader.pages("apigateway", "get_rest_apis", "items"):
        if api["name"].startswith(reader.prefix):
            named = {"restApiId": api["id"]}
            stages = reader.get(
                f"stages of {api['name']}", {"item": []}, reader.client("apigateway").get_stages, **named
            )
            yield from (_api(reader, api, stage) for stage in stages["item"])


def _api(reader: Reader, api: dict[str, Any], stage: dict[str, Any]) -> Api:
    group = stage.get("accessLogSettings", {}).get("destinationArn", "").partition(":log-group:")[2].removesuffix(":*")
    written = logs.lines(logs.events(reader, group), group) if group else []
    throttling = stage.get("methodSettings", {}).get("*/*", {})
    return Api(
        api["name"],
        stage["stageName"],
        f"stage {stage['stageName']} of {api['name']}",
        tuple(_routes(reader, api, stage["stageName"])),
        tuple(call for _, line in written if (call := read(line))),
        throttling.get("throttlingRateLimit"),
        throttling.get("throttlingBurstLimit"),
    )


def _routes(reader: Reader, api: dict[str, Any], stage: str) -> Iterator[Route]:
    resources = reader.pages("apigateway", "get_resources", "items", restApiId=api["id"], embed=["methods"])
    for resource in resources:
        for method, described in resource.get("resourceMethods", {}).items():
            integration = described.get("methodIntegration", {})
            found = _FUNCTION.search(integration.get("uri", ""))
            if found:
                arn = found[1]
                account, region = arn.split(":")[4], reader.deployment.region
                yield Route(
                    method,
                    resource["path"],
                    arn,
                    f"arn:aws:execute-api:{region}:{account}:{api['id']}/{stage}/{method}{resource['path']}",
                    integration.get("timeoutInMillis", 29_000),
                    reader.exists(arn, reader.client("lambda").get_function_configuration, FunctionName=arn),
                )


def read(line: Line) -> ApiCall | None:
    """Return the call of a line in the access log's format (modules/rest_api/logs.tf), None for any other line."""
    try:
        fields = json.loads(line.text)
        status = int(fields["status"])
        at = float(fields["time"]) / 1000
    except (KeyError, TypeError, ValueError):
        return None
    values = {name: "" if value == _EMPTY else str(value) for name, value in fields.items()}
    return ApiCall(
        values["request_id"],
        at,
        status,
        values.get("method", ""),
        values.get("route", ""),
        line,
        values.get("error", ""),
        values.get("integration_status", ""),
        _number(values.get("integration_latency", "")),
        _number(values.get("latency", "")),
        values.get("trace_id", ""),
    )


def _number(text: str) -> float | None:
    return float(text) if text else None
