"""Metrics as time series: one statistic a period, and CloudWatch's expressions over several of them."""

import ast
import math
import operator
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from ministack.services import cloudwatch as engine

type Series = dict[int, float]  # number of the period -> value
type Operand = Series | float

_OPERATORS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda a, b: a / b if b else math.nan,
    ast.Pow: operator.pow,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.And: lambda a, b: bool(a) and bool(b),
    ast.Or: lambda a, b: bool(a) or bool(b),
}
_AGGREGATES: dict[str, Callable[[Iterable[float]], float]] = {
    "SUM": sum,
    "AVG": statistics.fmean,
    "MAX": max,
    "MIN": min,
}


class ExpressionError(Exception):
    """An expression the engine cannot evaluate."""


def of_metric(
    metric: dict[str, Any],
    statistic: str,
    period: float,
    unit: str | None = None,
    start: float = 0,
    since: float = 0,
) -> Series:
    """Return a metric's values: exactly that name and those dimensions, one value for each period with data.

    Times are in seconds since the epoch. Period 0 begins at `start`; `since` leaves out what is older.
    """
    dimensions = engine._dims_key(engine._dims_from_list(metric.get("Dimensions") or []))
    points = engine._metrics.get((metric["Namespace"], metric["MetricName"], dimensions)) or []
    periods: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for point in [point for point in list(points) if point["Timestamp"] >= since]:
        if unit in (None, point.get("Unit")):
            periods[math.floor((point["Timestamp"] - start) / period)].append(point)
    values = {at: engine._stat_value(engine._calc_stats(each), statistic, each) for at, each in periods.items()}
    return {at: value for at, value in values.items() if value is not None}


def of_queries(queries: list[dict[str, Any]], period: float, start: float = 0) -> dict[str, Operand]:
    """Return the series of every query by its id, expressions too, a value each `period` seconds from `start`.

    AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    Raises ExpressionError for a function or syntax that is not among those known here.
    """
    found: dict[str, Operand] = {}
    for query in sorted(queries, key=lambda each: "MetricStat" not in each):
        if stat := query.get("MetricStat"):
            found[query["Id"]] = of_metric(stat["Metric"], stat["Stat"], period, stat.get("Unit"), start)
        else:
            found[query["Id"]] = calculate(query["Expression"], found)
    return found


def period_of(queries: list[dict[str, Any]]) -> int:
    """Return the seconds that one value of these queries' metrics stands for: the longest asked for."""
    return max((query["MetricStat"]["Period"] for query in queries if "MetricStat" in query), default=60)


def calculate(expression: str, known: dict[str, Operand]) -> Operand:
    """Return the value of a metric math expression over the series known by their ids.

    Known: arithmetic, comparison, AND, OR, IF, FILL, ABS, SUM, AVG, MAX, MIN, METRICS().
    """
    python = expression.replace("&&", " and ").replace("||", " or ").replace(" AND ", " and ").replace(" OR ", " or ")
    try:
        tree = ast.parse(python.strip(), mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(f"Cannot read the expression {expression}") from error
    found: Operand = _value(tree, known)
    return found


def _value(node: ast.AST, known: dict[str, Operand]) -> Any:  # noqa: PLR0911 - one return for each kind of node
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.List(elts=elements):
            return [_value(element, known) for element in elements]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _elementwise(operator.sub, 0.0, _value(operand, known))
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
            if type(op) in _OPERATORS:
                return _elementwise(_OPERATORS[type(op)], _value(left, known), _value(right, known))
        case ast.BoolOp(op=op, values=[left, right]):
            return _elementwise(_OPERATORS[type(op)], _value(left, known), _value(right, known))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _function(name, arguments, known)
    raise ExpressionError(f"Cannot evaluate {ast.unparse(node)}")


def _function(name: str, arguments: list[ast.expr], known: dict[str, Operand]) -> Any:
    if name == "METRICS":
        return list(known.values())
    values = [_value(argument, known) for argument in arguments]
    match name, values:
        case "IF", [condition, then, otherwise]:
            return _elementwise(lambda a, b: a if not math.isnan(a) else b, _where(condition, then), otherwise)
        case "FILL", [dict() as series, float() as filling]:
            everywhere = {at for each in known.values() if isinstance(each, dict) for at in each}
            return {at: series.get(at, filling) for at in everywhere}
        case "ABS", [series]:
            return _elementwise(lambda a, _: abs(a), series, 0.0)
        case _, [list() as several] if name in _AGGREGATES:
            everywhere = {at for each in several for at in each}
            return {at: _AGGREGATES[name]([each[at] for each in several if at in each]) for at in everywhere}
        case _, [dict() as series] if name in _AGGREGATES and series:
            return float(_AGGREGATES[name](series.values()))
    raise ExpressionError(f"Cannot evaluate {name} of {len(values)} arguments")


def _where(condition: Operand, then: Operand) -> Operand:
    return _elementwise(lambda chosen, value: value if chosen else math.nan, condition, then)


def _elementwise(function: Callable[[float, float], float], left: Operand, right: Operand) -> Operand:
    if isinstance(left, dict) and isinstance(right, dict):
        return {at: float(function(left[at], right[at])) for at in left.keys() & right.keys()}
    if isinstance(left, dict):
        return {at: float(function(value, right)) for at, value in left.items()}  # type: ignore[arg-type] # a number
    if isinstance(right, dict):
        return {at: float(function(left, value)) for at, value in right.items()}
    return float(function(left, right))
