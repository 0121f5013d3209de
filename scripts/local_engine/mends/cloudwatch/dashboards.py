"""Dashboards: a body that CloudWatch could not draw is refused."""

import json
import re
from collections.abc import Iterator
from typing import Any

from ministack.services import cloudwatch as engine

from scripts.local_engine.patching import wrap

COLUMNS, MOST_WIDGETS, MOST_METRICS, MOST_ALARMS = 24, 500, 500, 100
_TYPES = {"alarm", "explorer", "log", "metric", "text"}
_ID = re.compile(r"[a-z]\w*", re.ASCII)


def put_dashboard(original: Any, params: Any, cbor_data: dict[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
    """Refuse a body with faults.

    AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    Engine: kept whatever text it was given.
    """
    body = cbor_data.get("DashboardBody", "") if is_cbor or is_json else engine._p(params, "DashboardBody")
    found = list(faults(body))
    if found:
        sentence = f"The field DashboardBody must be a valid JSON object: {'; '.join(found)}"
        return engine._error("InvalidParameterInput", sentence, 400, use_json=is_json, use_cbor=is_cbor)
    return original(params, cbor_data, is_cbor, is_json)


def faults(body: str) -> Iterator[str]:
    """Yield a sentence for each fault that keeps a body from being drawn."""
    try:
        widgets = json.loads(body)["widgets"]
    except (ValueError, LookupError, TypeError) as error:
        yield f"no widgets ({error})"
        return
    if len(widgets) > MOST_WIDGETS:
        yield f"more than {MOST_WIDGETS} widgets"
    for number, widget in enumerate(widgets):
        yield from (f"widgets/{number}: {fault}" for fault in _of_widget(widget))


def _of_widget(widget: dict[str, Any]) -> Iterator[str]:
    if widget.get("type") not in _TYPES:
        yield f"unknown type {widget.get('type')}"
    if not 0 <= widget.get("x", 0) <= COLUMNS - widget.get("width", 6):
        yield "it does not fit into the grid"
    properties = widget.get("properties", {})
    if widget.get("type") == "alarm" and not 1 <= len(properties.get("alarms", [])) <= MOST_ALARMS:
        yield f"alarms must be from 1 to {MOST_ALARMS}"
    if widget.get("type") == "metric":
        yield from _of_metrics(properties)


def _of_metrics(properties: dict[str, Any]) -> Iterator[str]:
    rows = properties.get("metrics", [])
    if not 1 <= len(rows) <= MOST_METRICS or "region" not in properties:
        yield f"a graph has a region, and from 1 to {MOST_METRICS} metrics"
    options = [row[-1] if isinstance(row[-1], dict) else {} for row in rows]
    known = [each["id"] for each in options if "id" in each]
    if len(set(known)) < len(known) or not all(_ID.fullmatch(each) for each in known):
        yield "ids must be unique and begin with a small letter"
    for row, option in zip(rows, options, strict=True):
        names = row[:-1] if isinstance(row[-1], dict) else row
        if "expression" in option:
            yield from _of_expression(option["expression"], known)
        elif len(names) < 2 or len(names) % 2 or not all(isinstance(each, str) for each in names):  # noqa: PLR2004 - namespace and name
            yield f"a metric is a namespace, a name, and names and values of dimensions, not {names}"


def _of_expression(expression: str, known: list[str]) -> Iterator[str]:
    unknown = set(re.findall(r"\b[a-z]\w*", expression)) - set(known)
    if unknown:
        yield f"the expression {expression} names {sorted(unknown)}, which nothing is"


def apply() -> None:
    """Mend putting dashboards."""
    wrap(engine, "_put_dashboard")(put_dashboard)
