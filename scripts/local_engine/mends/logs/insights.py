"""Logs Insights: the commands that questions about JSON logs need, on the fields that it discovers in them.

AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
Engine: knew the fields that begin with @ only, and passed over every filter, sort and stats that it did not understand.
Served here: fields, display, filter, sort, limit and stats; any other command is refused as malformed.
"""

import json
import re
import statistics
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from ministack.services import cloudwatch_logs as engine

from scripts.local_engine.mends.logs.conditions import Malformed, condition, number
from scripts.local_engine.patching import Function, wrap

type Row = dict[str, Any]

_STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "avg": statistics.fmean,
    "max": max,
    "min": min,
    "sum": sum,
}
_DEFAULT = ["@timestamp", "@message"]


def start_query(original: Function, data: dict[str, Any]) -> Any:
    """Answer a query with what its commands leave, one after another."""
    response = original({**data, "queryString": "limit 1"})  # which judges the rest of the request
    if response[0] != 200:  # noqa: PLR2004 - HTTP
        return response
    query = engine._queries[json.loads(response[2])["queryId"]]
    groups = engine._resolve_query_log_groups(data)
    records = engine._collect_query_records(groups, query["startTime"], query["endTime"])
    rows = [fields(record) for record in records]
    try:
        left, shown = run(data.get("queryString", ""), rows)
    except Malformed as error:
        return engine.error_response_json("MalformedQueryException", str(error), 400)
    results = [[{"field": name, "value": _text(row[name])} for name in shown if name in row] for row in left]
    query.update(queryString=data.get("queryString", ""), results=results[: data.get("limit", 10_000)])
    query["statistics"]["recordsMatched"] = float(len(left))
    return response


def fields(record: Row) -> Row:
    """Return a log event's fields, those of its JSON by their paths."""
    public: Row = dict(engine._public_log_record(record))
    public["@millis"] = record["_timestamp_ms"]
    try:
        found = json.loads(public["@message"])
    except ValueError:
        found = None
    return {**public, **(dict(_flat(found, "")) if isinstance(found, dict) else {})}


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else key)
    elif value is not None:
        yield path, value


def run(query: str, rows: list[Row]) -> tuple[list[Row], list[str]]:
    """Return the rows that a query leaves, and the names of the fields to show. Raises Malformed."""
    shown = _DEFAULT
    for stage in engine._split_insights_pipes(query):
        command, _, rest = stage.strip().partition(" ")
        match command.lower():
            case "fields" | "display":
                shown = [name.strip() for name in rest.split(",")]
            case "filter":
                holds = condition(rest)
                rows = [row for row in rows if holds(row)]
            case "sort":
                rows = _sorted(rows, rest)
            case "limit":
                rows = rows[: int(rest)]
            case "stats":
                rows, shown = _stats(rows, rest)
            case _:
                raise Malformed(f"unknown command {command!r}")
    return rows, [*shown, "@ptr"]


def _sorted(rows: list[Row], rest: str) -> list[Row]:
    name, _, direction = rest.strip().partition(" ")
    with_value = [row for row in rows if name in row]
    without = [row for row in rows if name not in row]
    ordered = sorted(with_value, key=lambda row: _key(row[name]), reverse=direction.strip().lower() == "desc")
    return [*ordered, *without]


def _key(value: Any) -> tuple[bool, float, str]:
    found = number(value)
    return (found is None, found or 0.0, str(value))


def _stats(rows: list[Row], rest: str) -> tuple[list[Row], list[str]]:
    asked, _, by = re.sub(r"\s+by\s+", "\0", rest).partition("\0")
    groups = [name.strip() for name in by.split(",") if name.strip()]
    wanted = [_wanted(part.strip()) for part in asked.split(",")]

    def key(row: Row) -> list[str]:
        return [str(row.get(name, "")) for name in groups]

    made = []
    for values, members in groupby(sorted(rows, key=key), key):
        inside = list(members)
        made.append({**dict(zip(groups, values, strict=True)), **{name: of(inside) for name, of in wanted}})
    return made, [*groups, *(name for name, _ in wanted)]


def _wanted(part: str) -> tuple[str, Callable[[list[Row]], float]]:
    found = re.fullmatch(r"(\w+)\(([^)]*)\)(?:\s+as\s+(\w+))?", part)
    if not found or found[1] not in {"count", *_STATISTICS}:
        raise Malformed(f"unknown statistic {part!r}")
    what, name = found[1], found[2].strip()

    def of(rows: list[Row]) -> float:
        if what == "count":
            return float(sum(name in ("", "*") or name in row for row in rows))
        values = [value for row in rows if (value := number(row.get(name))) is not None]
        return _STATISTICS[what](values) if values else 0.0

    return found[3] or part, of


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value)


def apply() -> None:
    """Apply the mends of this file."""
    wrap(engine, "_start_query")(start_query)
