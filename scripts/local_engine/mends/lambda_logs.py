"""Lambda: an environment writes to a log stream of its own, with its role's permission, in the chosen format."""

import json
import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ministack.services import cloudwatch_logs, lambda_svc

from scripts.local_engine import python_worker
from scripts.local_engine.authorization import role_allows
from scripts.local_engine.log_stream import StreamRefused, arn, open_stream
from scripts.local_engine.patching import Function, wrap


def apply() -> None:
    """Apply the mends of this file."""
    wrap(lambda_svc, "_emit_lambda_logs")(_write_log)


def _write_log(
    original: Function,
    func: dict[str, Any],
    request_id: str,
    log_text: str,
    error: bool,
    duration_ms: int,
    **source: Any,
) -> None:
    """Write what a Python function logged, between the platform's lines.

    AWS: one stream per execution environment; platform lines in JSON with JSON logging; a line when the time ran out;
    the trace in the report, where X-Ray is active; nothing without logs:CreateLogStream and logs:PutLogEvents, nor
    without the group when the role may not create it
    (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html,
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html,
    https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report).
    Engine: a stream per invocation, always text, no word of a timeout or a trace, no permission asked.
    """
    worker = python_worker.current.get()
    if worker is None or worker.request_id != request_id:
        original(func, request_id, log_text, error, duration_ms, **source)
        return
    config = func.get("config") or func
    group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
    if stream := _open(config["Role"], group, worker.log_stream):
        now = int(time.time() * 1000)
        lines = list(_lines(config, worker, log_text, duration_ms - worker.init_milliseconds))
        events = [{"timestamp": now, "message": line, "ingestionTime": now} for line in lines]
        cloudwatch_logs._append_log_events(stream, events)
        cloudwatch_logs._fanout_to_subscription_filters(group, worker.log_stream, events)


def _open(role: str, group: str, name: str) -> dict[str, Any] | None:
    try:
        stream = open_stream(role, group, name, "lambda")
    except StreamRefused:
        return None
    return stream if role_allows(role, "logs:PutLogEvents", arn(group, name), via="lambda") else None


def _lines(
    config: dict[str, Any], worker: python_worker.PythonWorker, written: str, milliseconds: int
) -> Iterator[str]:
    platform = _json_lines if (config.get("LoggingConfig") or {}).get("LogFormat") == "JSON" else _text_lines
    first, last = platform(config, worker, milliseconds)
    yield from first
    yield from written.splitlines()
    if worker.status == "timeout":
        limit = f"Task timed out after {config.get('Timeout', 3)}.00 seconds"
        yield f"{_now()} {worker.request_id} {limit}"
    yield from last


def _json_lines(config: dict[str, Any], worker: python_worker.PythonWorker, milliseconds: int) -> tuple[list[str], ...]:
    if config["LoggingConfig"].get("SystemLogLevel") == "WARN":
        return [], []
    metrics: dict[str, Any] = {
        "durationMs": milliseconds,
        "billedDurationMs": milliseconds,
        "memorySizeMB": config.get("MemorySize", 128),
        "maxMemoryUsedMB": worker.peak_megabytes,
    }
    request = {"requestId": worker.request_id}
    first = [_platform("start", {**request, "version": config.get("Version", "$LATEST")})]
    if worker.first:
        metrics["initDurationMs"] = worker.init_milliseconds
        runtime = {"initializationType": "on-demand", "phase": "init", "functionName": config["FunctionName"]}
        first.insert(0, _platform("initStart", {**runtime, "functionVersion": config.get("Version", "$LATEST")}))
    trace = _trace(config, worker)
    traced = {"tracing": {"type": "X-Amzn-Trace-Id", "value": trace}} if trace else {}
    return first, [_platform("report", {**request, "metrics": metrics, **traced, "status": worker.status})]


def _trace(config: dict[str, Any], worker: python_worker.PythonWorker) -> str:
    active = (config.get("TracingConfig") or {}).get("Mode") == "Active"
    return worker.trace_header if active else ""


def _platform(kind: str, details: dict[str, Any]) -> str:
    return json.dumps({"time": _now(), "type": f"platform.{kind}", "record": details})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text_lines(config: dict[str, Any], worker: python_worker.PythonWorker, milliseconds: int) -> tuple[list[str], ...]:
    request = f"RequestId: {worker.request_id}"
    first = [f"START {request} Version: {config.get('Version', '$LATEST')}"]
    report = [
        f"REPORT {request}",
        f"Duration: {milliseconds:.2f} ms",
        f"Billed Duration: {math.ceil(milliseconds)} ms",
        f"Memory Size: {config.get('MemorySize', 128)} MB",
        f"Max Memory Used: {worker.peak_megabytes} MB",
    ]
    if worker.first:
        first.insert(0, f"INIT_START Runtime Version: {config['Runtime'].replace('python', 'python:')}")
        report.append(f"Init Duration: {worker.init_milliseconds:.2f} ms")
    if worker.status != "success":
        report.append(f"Status: {worker.status}")
    if trace := _trace(config, worker):
        report.append(f"XRAY TraceId: {trace.partition(';')[0].removeprefix('Root=')}")
    return first, [f"END {request}", "\t".join(report) + "\t"]
