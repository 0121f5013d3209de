"""Translates between plain values and DynamoDB's attributes; all of our numbers are whole."""

from collections.abc import Mapping
from typing import Any


def attribute(value: object) -> dict[str, Any]:
    """Return a value as DynamoDB spells it. Raises TypeError for what no item of ours holds."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": str(value)}
        case list() | tuple():
            return {"L": [attribute(each) for each in value]}
        case Mapping():
            return {"M": item(value)}
        case _:
            raise TypeError(f"{type(value).__name__} is no attribute of ours")


def item(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a document as DynamoDB spells it."""
    return {name: attribute(value) for name, value in document.items()}


def plain(found: Mapping[str, Any]) -> Any:  # noqa: ANN401  # an attribute may hold a value of any kind
    """Return the value of an attribute."""
    ((kind, value),) = found.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return int(value)
        case "L":
            return [plain(each) for each in value]
        case "M":
            return document(value)
        case _:
            return value


def document(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return an item's content."""
    return {name: plain(value) for name, value in found.items()}
