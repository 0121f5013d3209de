"""Which partition keys a DynamoDB request names, for the condition key dynamodb:LeadingKeys.

AWS: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

import re
from collections.abc import Iterator
from typing import Any

from ministack.services import dynamodb

type Item = dict[str, dict[str, Any]]

_EQUALS = re.compile(r"([#\w]+)\s*=\s*(:\w+)")


def leading_keys(fields: dict[str, Any]) -> list[str]:
    """Return the partition key values in a request's members; [] for a request that names none."""
    table = fields.get("TableName", "")
    found = [_value(table, fields[member]) for member in ("Key", "Item") if isinstance(fields.get(member), dict)]
    found += [value for name, item in _batched(fields) if (value := _value(name, item))]
    if condition := fields.get("KeyConditionExpression"):
        found += _queried(table, fields.get("IndexName"), condition, fields)
    return [value for value in found if value is not None]


def _batched(fields: dict[str, Any]) -> Iterator[tuple[str, Item]]:
    for table, requests in (fields.get("RequestItems") or {}).items():
        if isinstance(requests, dict):  # BatchGetItem
            yield from ((table, key) for key in requests.get("Keys", []))
        else:  # BatchWriteItem
            yield from ((table, member.get("Item") or member["Key"]) for r in requests for member in r.values())
    for request in fields.get("TransactItems") or []:
        yield from ((member["TableName"], member.get("Item") or member["Key"]) for member in request.values())


def _queried(table: str, index: str | None, condition: str, fields: dict[str, Any]) -> list[str | None]:
    names, values = fields.get("ExpressionAttributeNames") or {}, fields.get("ExpressionAttributeValues") or {}
    partition = _partition(table, index)
    pairs = ((names.get(name, name), values.get(value)) for name, value in _EQUALS.findall(condition))
    return [_text(value) for name, value in pairs if name == partition]


def _partition(table: str, index: str | None = None) -> str | None:
    described = dynamodb._tables.get(table) or {}
    if index:
        indexes = (described.get("GlobalSecondaryIndexes") or []) + (described.get("LocalSecondaryIndexes") or [])
        described = next((found for found in indexes if found["IndexName"] == index), {})
    return next((key["AttributeName"] for key in described.get("KeySchema", []) if key["KeyType"] == "HASH"), None)


def _value(table: str, item: Item) -> str | None:
    return _text(item.get(_partition(table) or ""))


def _text(value: dict[str, Any] | None) -> str | None:
    return str(next(iter(value.values()))) if value else None
