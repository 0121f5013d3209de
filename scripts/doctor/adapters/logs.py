"""Invocations, from the lines of a function's log group: REPORT lines in text or JSON, and what stands between them.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from scripts.doctor.adapters.reading import Reader
from scripts.doctor.facts import Invocation, Line

_NUMBER = r"([\d.]+)"
_REPORT = re.compile(r"REPORT RequestId: (\S+)")
_REQUEST = re.compile(r"RequestId: ([0-9a-f-]{36})|\b([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")
_FIELDS = {
    "durationMs": re.compile(rf"\tDuration: {_NUMBER} ms"),
    "initDurationMs": re.compile(rf"Init Duration: {_NUMBER} ms"),
    "memorySizeMB": re.compile(rf"Memory Size: {_NUMBER} MB"),
    "maxMemoryUsedMB": re.compile(rf"Max Memory Used: {_NUMBER} MB"),
}
_STATUS = re.compile(r"Status: (\w+)")
_ERROR = re.compile(r"Error Type: (\S+)")
_TRACE = re.compile(r"XRAY TraceId: (\S+)")
_ROOT = re.compile(r"Root=([^;]+)")
_TIMED_OUT = "Task timed out after"
KEPT = 50  # lines of one invocation, the last ones


@dataclass
class _Run:
    """What is known of one request so far."""

    lines: list[Line] = field(default_factory=list)
    report: Line | None = None
    record: dict[str, Any] = field(default_factory=dict)
    trace_id: str = ""
    error_type: str = ""
    timed_out: bool = False


def events(reader: Reader, group: str, pattern: str = "") -> list[dict[str, Any]]:
    """Return a log group's events in the window, oldest first, no more than the limit; that there are more is noted."""
    window = reader.window
    found = reader.pages(
        "logs",
        "filter_log_events",
        "events",
        logGroupName=group,
        startTime=int(window.since * 1000),
        endTime=int(window.until * 1000),
        **({"filterPattern": pattern} if pattern else {}),
    )
    if len(found) >= window.limit:
        reader.unread.append(f"log group {group}: more than {window.limit} lines in the window; look at a shorter one")
    return found


def lines(found: Iterable[dict[str, Any]], group: str) -> list[tuple[str, Line]]:
    """Return each event as its stream and a line, at the time that the line itself names, else when it arrived."""
    written = []
    for event in found:
        stream, text = event.get("logStreamName", ""), event["message"].rstrip()
        arrived = event["timestamp"] / 1000
        written.append((stream, Line(_own_time(text) or arrived, text, f"log group {group}, {stream}")))
    return written


def _own_time(text: str) -> float | None:
    document = _document(text)
    try:
        return datetime.fromisoformat(str(document.get("timestamp", document.get("time", "")))).timestamp()
    except ValueError:
        return None


def invocations(written: Iterable[tuple[str, Line]]) -> tuple[Invocation, ...]:
    """Return the invocations whose REPORT is among the lines, oldest first.

    A line that names no request belongs to the one that its stream is busy with: an environment has one at a time.
    """
    runs: dict[str, _Run] = defaultdict(_Run)
    busy: dict[str, str] = {}
    for stream, line in written:
        document = _document(line.text)
        request_id = _request_id(line.text, document) or busy.get(stream, "")
        if request_id:
            busy[stream] = request_id
            _note(runs[request_id], line, document)
    found = (_invocation(request_id, run) for request_id, run in runs.items() if run.report)
    return tuple(sorted(found, key=lambda each: each.at))


def _document(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _request_id(text: str, document: dict[str, Any]) -> str:
    record = document.get("record")
    if isinstance(record, dict):
        return str(record.get("requestId", ""))
    for key in ("function_request_id", "requestId", "AWSRequestId"):
        if key in document:
            return str(document[key])
    found = None if document else _REQUEST.search(text)
    return (found[1] or found[2]) if found else ""


def _note(run: _Run, line: Line, document: dict[str, Any]) -> None:
    run.trace_id = run.trace_id or _trace(line.text, document)
    if _TIMED_OUT in line.text:
        run.timed_out = True
    elif document.get("type") == "platform.report":
        run.report, run.record = line, document["record"]
    elif _REPORT.match(line.text):
        run.report, run.record = line, _text_record(line.text)
    elif not str(document.get("type", "")).startswith("platform.") and not re.match("START|END|INIT_START", line.text):
        run.lines.append(line)
        run.error_type = run.error_type or str(document.get("errorType", document.get("exception_name", "")) or "")


def _trace(text: str, document: dict[str, Any]) -> str:
    if "xray_trace_id" in document:
        return str(document["xray_trace_id"])
    record = document.get("record")
    value = record.get("tracing", {}).get("value", "") if isinstance(record, dict) else ""
    found = _ROOT.search(value) or _TRACE.search(text)
    return found[1] if found else ""


def _text_record(text: str) -> dict[str, Any]:
    metrics = {name: float(found[1]) for name, pattern in _FIELDS.items() if (found := pattern.search(text))}
    status, error = _STATUS.search(text), _ERROR.search(text)
    return {
        "metrics": metrics,
        "status": status[1] if status else "success",
        "errorType": error[1] if error else "",
    }


def _invocation(request_id: str, run: _Run) -> Invocation:
    assert run.report is not None  # noqa: S101 - the caller takes only those that have one
    metrics = run.record.get("metrics", {})
    duration = float(metrics.get("durationMs", 0.0))
    status = "timeout" if run.timed_out else str(run.record.get("status", "success"))
    return Invocation(
        request_id,
        run.report.at - duration / 1000,
        duration,
        "error" if status == "failure" else status,
        run.report,
        init_ms=metrics.get("initDurationMs"),
        memory_mb=int(metrics.get("memorySizeMB", 0)),
        peak_mb=int(metrics.get("maxMemoryUsedMB", 0)),
        trace_id=run.trace_id,
        error_type=run.error_type or str(run.record.get("errorType", "") or ""),
        lines=tuple(run.lines[-KEPT:]),
    )


def with_cpu(found: tuple[Invocation, ...], milliseconds: dict[str, float]) -> tuple[Invocation, ...]:
    """Return the invocations with the processor's time that Lambda Insights recorded, by request id."""
    return tuple(replace(each, cpu_ms=milliseconds.get(each.request_id, each.cpu_ms)) for each in found)
