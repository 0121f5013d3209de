"""The requests and their audit trail: every change is one transaction of both, on condition that nobody was faster."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from approval_workflow.adapters.attributes import document, item
from approval_workflow.domain.audit import Entry
from approval_workflow.domain.errors import UnknownRequest
from approval_workflow.domain.request import Change, Request
from shared.backoff import full_jitter
from shared.clients import client
from shared.faults import TransientFailure

_ATTEMPTS = 10
_LOST_RACE = {"None", "ConditionalCheckFailed", "TransactionConflict"}
_BUSY = {"None", "ProvisionedThroughputExceeded", "ThrottlingError"} | _LOST_RACE


def find(table: str, request_id: str) -> Request | None:
    """Return a request as it is now, or None if there is none."""
    answer = client("dynamodb").get_item(TableName=table, Key={"request_id": {"S": request_id}}, ConsistentRead=True)
    return Request.from_document(document(answer["Item"])) if "Item" in answer else None


def get(table: str, request_id: str) -> Request:
    """Return a request as it is now. Raises `UnknownRequest`."""
    request = find(table, request_id)
    if request is None:
        raise UnknownRequest("There is no such request.")
    return request


@dataclass(frozen=True)
class Ledger:
    """The two tables that are written together."""

    requests_table: str
    audit_table: str

    def create(self, request: Request, entry: Entry) -> Request:
        """Store a new request; return it, or the one that is stored under its id."""

        def decide(stored: Request | None) -> Change | Request:
            return stored or Change(request, entry)

        return self._write(request.request_id, decide)

    def change(self, request_id: str, decide: Callable[[Request], Change | None]) -> Request:
        """Let `decide` say how a request changes, again if somebody else was faster; return the request as it is then.

        Raises what `decide` raises, `UnknownRequest`, and `TransientFailure` if others were faster too often.
        """

        def decide_known(stored: Request | None) -> Change | Request:
            if stored is None:
                raise UnknownRequest("There is no such request.")
            return decide(stored) or stored

        return self._write(request_id, decide_known)

    def _write(self, request_id: str, decide: Callable[[Request | None], Change | Request]) -> Request:
        """Store the change that `decide` returns, or nothing if it returns the request as it is stored."""
        for _, delay in zip(range(_ATTEMPTS), full_jitter(), strict=False):
            stored = find(self.requests_table, request_id)
            change = decide(stored)
            if isinstance(change, Request):
                return change
            if self._transact(change, stored.version if stored else None):
                return change.request
            time.sleep(delay)
        raise TransientFailure(f"others changed {request_id} all the time")

    def _transact(self, change: Change, version: int | None) -> bool:
        """Write a change and its entry; return False, and write nothing, if the request is no longer at `version`."""
        dynamodb = client("dynamodb")
        actions = [self._put_request(change.request, version)]
        if change.entry:
            actions.append(self._put_entry(change.entry, change.request))
        try:
            dynamodb.transact_write_items(TransactItems=actions)
        except dynamodb.exceptions.TransactionCanceledException as refusal:
            codes = {reason["Code"] for reason in refusal.response["CancellationReasons"]}
            if codes <= _LOST_RACE:
                return False
            if codes <= _BUSY:
                raise TransientFailure(f"DynamoDB: {', '.join(sorted(codes))}") from refusal
            raise
        return True

    def _put_request(self, request: Request, version: int | None) -> dict[str, Any]:
        put: dict[str, Any] = {"TableName": self.requests_table, "Item": item(request.to_document())}
        if version is None:
            return {"Put": put | {"ConditionExpression": "attribute_not_exists(request_id)"}}
        condition = {"ConditionExpression": "version = :read", "ExpressionAttributeValues": item({":read": version})}
        return {"Put": put | condition}

    def _put_entry(self, entry: Entry, request: Request) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": self.audit_table,
                "Item": item(entry.to_document(request.request_id, request.version)),
                "ConditionExpression": "attribute_not_exists(entry_id)",
            }
        }
