"""Claims and windows in DynamoDB, changed by conditional writes only.

One table with the partition key `id` and the time to live `remove_at`. A claim and its place in a window are one
transaction, so that a function that dies has done both or neither.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from botocore.client import BaseClient

from notifications.domain.claims import Claim, Found, Status, WindowMoved
from notifications.domain.storm import Head, Window
from shared.backoff import full_jitter
from shared.clients import client
from shared.queues.errors import Transient
from shared.queues.translation import translated

_KEPT_SECONDS = 15 * 86_400  # longer than the failure queue keeps what may come back
_ATTEMPTS = 6
_TALLY = "tally#"
# Time to live removes items days late. Nobody may take what somebody is just sending, and a message that waits for one
# of its channels must find that the others have it, however long it waits.
_FREE = "attribute_not_exists(id) OR (window_until <= :now AND held_until <= :now AND message_id <> :me)"
_MINE = "message_id = :me AND #status = :claimed"
_LEFT = "#status IN (:claimed, :given_up) AND held_until <= :now"
_ROOM = "attribute_not_exists(closed) AND (attribute_not_exists(shown) OR shown < :limit)"
_OPEN = "attribute_not_exists(closed)"

type Item = dict[str, dict[str, Any]]


class _Conflict(Exception):
    """Somebody else wrote the same item at the same moment."""


@dataclass(frozen=True)
class Table:
    """The table; `sleep` waits between attempts at what others write at the same moment."""

    name: str
    sleep: Callable[[float], None] = time.sleep

    def head(self, window: Window) -> Head:
        """Return what is known of a window by now. Raises `Transient` and `Refused`."""
        with translated():
            answer = _dynamodb().get_item(TableName=self.name, Key=_key(window.key), ConsistentRead=True)
        return _head(answer.get("Item", {}))

    def place(self, claim: Claim, window: Window, limit: int, tally: str | None) -> Found | None:
        """Claim, and count in the window. Raises `WindowMoved`, `Transient` and `Refused`."""
        counting = self._gathering(window, tally) if tally else self._showing(window, limit)
        claiming = self._claiming(claim, Status.GATHERED if tally else Status.CLAIMED)
        actions = [{"Put": claiming}, {"Update": counting}]
        for delay in islice(full_jitter(), _ATTEMPTS):
            try:
                return _transact(actions)
            except _Conflict:
                self.sleep(delay)
        raise Transient("others were busy with the same window")

    def claim(self, claim: Claim) -> Found | None:
        """Claim without a window. Raises `Transient` and `Refused`."""
        dynamodb = _dynamodb()
        with translated():
            try:
                dynamodb.put_item(**self._claiming(claim, Status.CLAIMED))
            except dynamodb.exceptions.ConditionalCheckFailedException as refusal:
                return _found(refusal.response["Item"])
        return None

    def take_over(self, claim: Claim) -> bool:
        """Take over a claim that nobody holds any more. Raises `Transient` and `Refused`."""
        values = _numbers(now=claim.now, until=claim.held_until) | _texts(
            me=claim.message_id, claimed=Status.CLAIMED, given_up=Status.GIVEN_UP
        )
        change = "SET message_id = :me, #status = :claimed, held_until = :until"
        return self._change(claim, change, _LEFT, values)

    def settle(self, claim: Claim, status: Status) -> None:
        """Write how a claim of ours ended, from which on its window counts. Raises `Transient` and `Refused`."""
        values = _numbers(zero=0, until=claim.now + claim.window_seconds) | _texts(
            me=claim.message_id, claimed=Status.CLAIMED, status=status
        )
        self._change(claim, "SET #status = :status, held_until = :zero, window_until = :until", _MINE, values)

    def release(self, claim: Claim) -> None:
        """Hold a claim of ours no longer. Raises `Transient` and `Refused`."""
        values = _numbers(zero=0) | _texts(me=claim.message_id, claimed=Status.CLAIMED)
        self._change(claim, "SET held_until = :zero", _MINE, values)

    def close(self, window: Window) -> Head:
        """Let nothing be counted in a window any more; return what was. Raises `Transient` and `Refused`."""
        with translated():
            answer = _dynamodb().update_item(
                TableName=self.name,
                Key=_key(window.key),
                UpdateExpression="SET closed = :true, remove_at = :remove",
                ExpressionAttributeValues={":true": {"BOOL": True}} | _removal(window),
                ReturnValues="ALL_NEW",
            )
        return _head(answer["Attributes"])

    def _claiming(self, claim: Claim, status: Status) -> dict[str, Any]:
        """Return what writes a claim; one that waits for the digest needs nobody to hold it."""
        item = {
            "status": {"S": status},
            "message_id": {"S": claim.message_id},
            "held_until": {"N": str(claim.held_until if status is Status.CLAIMED else 0)},
            "window_until": {"N": str(claim.now + claim.window_seconds)},
            "remove_at": {"N": str(claim.now + claim.window_seconds + _KEPT_SECONDS)},
        }
        return {
            "TableName": self.name,
            "Item": _key(claim.key) | item,
            "ConditionExpression": _FREE,
            "ExpressionAttributeValues": _numbers(now=claim.now) | _texts(me=claim.message_id),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _showing(self, window: Window, limit: int) -> dict[str, Any]:
        return {
            "TableName": self.name,
            "Key": _key(window.key),
            "UpdateExpression": "SET remove_at = :remove ADD shown :one",
            "ConditionExpression": _ROOM,
            "ExpressionAttributeValues": _numbers(one=1, limit=limit) | _removal(window),
        }

    def _gathering(self, window: Window, tally: str) -> dict[str, Any]:
        return {
            "TableName": self.name,
            "Key": _key(window.key),
            "UpdateExpression": "SET remove_at = :remove, reminded = :true ADD gathered :one, #tally :one",
            "ConditionExpression": _OPEN,
            "ExpressionAttributeNames": {"#tally": f"{_TALLY}{tally}"},
            "ExpressionAttributeValues": _numbers(one=1) | {":true": {"BOOL": True}} | _removal(window),
        }

    def _change(self, claim: Claim, change: str, condition: str, values: Item) -> bool:
        """Change a claim if the condition holds; tell whether it did."""
        dynamodb = _dynamodb()
        with translated():
            try:
                dynamodb.update_item(
                    TableName=self.name,
                    Key=_key(claim.key),
                    UpdateExpression=change,
                    ConditionExpression=condition,
                    ExpressionAttributeNames={"#status": "status"},
                    ExpressionAttributeValues=values,
                )
            except dynamodb.exceptions.ConditionalCheckFailedException:
                return False
        return True


def _transact(actions: list[dict[str, Any]]) -> Found | None:
    """Write a claim and its place; return the claim that is there already. Raises `WindowMoved` and `_Conflict`."""
    dynamodb = _dynamodb()
    with translated():
        try:
            dynamodb.transact_write_items(TransactItems=actions)
        except dynamodb.exceptions.TransactionCanceledException as refusal:
            claim, window = refusal.response["CancellationReasons"]
            if claim["Code"] == "ConditionalCheckFailed":
                return _found(claim["Item"])
            if window["Code"] == "ConditionalCheckFailed":
                raise WindowMoved from None
            if "ValidationError" in {claim["Code"], window["Code"]}:
                raise
            raise _Conflict from None
    return None


def _dynamodb() -> BaseClient:
    return client("dynamodb", hasty=True)


def _key(name: str) -> Item:
    return {"id": {"S": name}}


def _removal(window: Window) -> Item:
    return _numbers(remove=window.end + _KEPT_SECONDS)


def _numbers(**values: int) -> Item:
    return {f":{name}": {"N": str(value)} for name, value in values.items()}


def _texts(**values: str) -> Item:
    return {f":{name}": {"S": str(value)} for name, value in values.items()}


def _found(item: Mapping[str, Any]) -> Found:
    return Found(Status(item["status"]["S"]), item["message_id"]["S"], int(item["held_until"]["N"]))


def _head(item: Mapping[str, Any]) -> Head:
    return Head(
        shown=int(item.get("shown", {}).get("N", 0)),
        gathered=int(item.get("gathered", {}).get("N", 0)),
        reminded="reminded" in item,
        tallies={name.removeprefix(_TALLY): int(each["N"]) for name, each in item.items() if name.startswith(_TALLY)},
    )
