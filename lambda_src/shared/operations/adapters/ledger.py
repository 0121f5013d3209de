"""The ledger in DynamoDB: what each run did to each resource, changed only by conditional writes.

One table a workflow: partition key `run_id`, sort key `resource_id`, time to live `remove_at`. A step that is not the
last for its items has a partition of its own, such as "<run id>/snapshots", and so has what is remembered between runs
(`memory.py`).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.clients import client
from shared.operations.acting import Claim, Status
from shared.operations.adapters import clock
from shared.operations.moments import iso
from shared.operations.plan import Item
from shared.operations.report import Outcome

KEPT_SECONDS = 400 * 86_400
# EC2 lists what was made only after a moment; whoever continues a cut attempt must be able to see what it made.
SETTLING_SECONDS = 15
_FREE = "attribute_not_exists(run_id) OR #status = :planned OR (#status = :acting AND held_until <= :now)"


@dataclass(frozen=True)
class Ledger:
    """The part of the table that is one run's. A claim holds until Lambda must have ended whoever made it.

    `ends_at`: when Lambda ends this invocation, in seconds since 1970; a step that only reads needs none.
    """

    table: str
    run_id: str
    ends_at: float = 0

    def claim(self, item: Item) -> Claim:
        """Claim an item, unless it is settled or somebody is at it."""
        dynamodb, now = client("dynamodb"), int(clock.now().timestamp())
        held = _numbers(held_until=int(self.ends_at) + SETTLING_SECONDS)
        try:
            answer = dynamodb.put_item(
                TableName=self.table,
                Item=self._row(item, Status.ACTING, item.reason, {}) | held,
                ConditionExpression=_FREE,
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=_texts(**{":planned": Status.PLANNED, ":acting": Status.ACTING})
                | _numbers(**{":now": now}),
                ReturnValues="ALL_OLD",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except dynamodb.exceptions.ConditionalCheckFailedException as refusal:
            found = refusal.response["Item"]
            acting = found["status"]["S"] == Status.ACTING
            return Claim(mine=False, held_seconds=int(found["held_until"]["N"]) - now if acting else 0)
        return Claim(mine=True, again=answer.get("Attributes", {}).get("status", {}).get("S") == Status.ACTING)

    def release(self, item: Item, *, begun: bool) -> None:
        """Leave an item to a later attempt; `begun` if this one may have done it: that takes time to be seen."""
        row = self._row(item, Status.ACTING if begun else Status.PLANNED, item.reason, {})
        held_until = int(clock.now().timestamp()) + SETTLING_SECONDS
        client("dynamodb").put_item(TableName=self.table, Item=row | _numbers(held_until=held_until))

    def settle(self, item: Item, status: Status, reason: str, facts: Mapping[str, Any]) -> None:
        """Write an item's final status; `facts` are what a later step or the report needs."""
        client("dynamodb").put_item(TableName=self.table, Item=self._row(item, status, reason, facts))

    def outcomes(self) -> dict[str, Outcome]:
        """Return what became of every item that the run came to, by the resource's id."""
        return {row["resource_id"]["S"]: _outcome(row) for row in rows(self.table, self.run_id)}

    def outcome(self, resource_id: str) -> Outcome | None:
        """Return what became of one item, None if the run did not come to it."""
        key = _texts(run_id=self.run_id, resource_id=resource_id)
        answer = client("dynamodb").get_item(TableName=self.table, Key=key, ConsistentRead=True)
        return _outcome(answer["Item"]) if "Item" in answer else None

    def _row(self, item: Item, status: Status, reason: str, facts: Mapping[str, Any]) -> dict[str, dict[str, str]]:
        now = clock.now()
        return _texts(
            run_id=self.run_id,
            resource_id=item.resource_id,
            status=status,
            action=item.action,
            reason=reason,
            usd_per_month=str(item.usd_per_month),
            at=iso(now),
            facts=json.dumps(dict(facts)),
        ) | _numbers(gib=item.gib, remove_at=int(now.timestamp()) + KEPT_SECONDS)


def rows(table: str, partition: str) -> Iterator[dict[str, Any]]:
    """Yield all the items of a partition."""
    pages = client("dynamodb").get_paginator("query")
    yield from (
        row
        for page in pages.paginate(
            TableName=table,
            KeyConditionExpression="run_id = :partition",
            ExpressionAttributeValues=_texts(**{":partition": partition}),
            ConsistentRead=True,
        )
        for row in page["Items"]
    )


def _outcome(row: Mapping[str, Any]) -> Outcome:
    return Outcome(Status(row["status"]["S"]), row["reason"]["S"], json.loads(row["facts"]["S"]))


def _texts(**values: str) -> dict[str, dict[str, str]]:
    return {name: {"S": str(value)} for name, value in values.items()}


def _numbers(**values: int) -> dict[str, dict[str, str]]:
    return {name: {"N": str(value)} for name, value in values.items()}
