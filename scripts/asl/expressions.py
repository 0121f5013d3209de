"""The JSONata in a definition: where expressions stand, whether they parse, which variables they read."""

import re
from collections.abc import Iterator
from typing import Any

from jsonata import JException, Jsonata
from jsonata.parser import Parser

from scripts.asl.model import Json

EXPRESSION = re.compile(r"\{%(.*)%\}", re.DOTALL)
# What Step Functions offers beyond JSONata (https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html);
# the empty name and "$" are JSONata's own context and root.
PROVIDED = {"states", "partition", "range", "hash", "random", "uuid", "parse", "", "$"}
FORBIDDEN = {"eval"}


def strings(value: object) -> Iterator[str]:
    """Yield every string in `value`, at any depth, keys left out; a nested graph of states is not entered."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, dict) and "States" not in value:
        for item in value.values():
            yield from strings(item)


def expressions(state: Json) -> Iterator[str]:
    """Yield the text of every expression of `state` itself, without its braces."""
    for text in strings(state):
        if match := EXPRESSION.fullmatch(text):
            yield match[1]


def problem(expression: str) -> str | None:
    """Return what is wrong with the syntax of `expression`, or None."""
    try:
        Jsonata(expression)
    except JException as error:
        return str(error)
    return None


def free_variables(expression: str) -> set[str]:
    """Return the variables that `expression` reads and neither binds itself nor gets from JSONata or Step Functions."""
    read: set[str] = set()
    bound: set[str] = set()
    for symbol in _symbols(Jsonata(expression).ast):
        if symbol.type == "variable":
            read.add(symbol.value)
        elif symbol.type == "bind":
            bound.add(symbol.lhs.value)
        elif symbol.type == "lambda":
            bound.update(argument.value for argument in symbol.arguments)
    return read - bound - PROVIDED - (set(Jsonata.static_frame.bindings) - FORBIDDEN)


def _symbols(node: object, seen: set[int] | None = None) -> Iterator[Any]:
    """Yield every symbol of a syntax tree once; the parser keeps its parts in attributes of many names."""
    seen = set() if seen is None else seen
    if isinstance(node, (list, tuple)):
        for item in node:
            yield from _symbols(item, seen)
    elif isinstance(node, Parser.Symbol) and id(node) not in seen:
        seen.add(id(node))
        yield node
        for part in vars(node).values():
            yield from _symbols(part, seen)
