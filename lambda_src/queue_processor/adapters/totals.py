"""The totals table: each stream record counts once, as its mark and the sums are written together or not at all."""

import time
from collections.abc import Callable
from typing import Any

from queue_processor.domain.totals import Charge, sums
from shared.backoff import full_jitter
from shared.clients import client
from shared.queues.errors import Transient
from shared.queues.translation import translated

_MARK_SECONDS = 7 * 86_400  # a stream keeps its records for a day, and longer than that nothing is delivered again
_MARGIN_SECONDS = 5.0


def add(
    table: str, charges: list[Charge], seconds_left: Callable[[], float], sleep: Callable[[float], None] = time.sleep
) -> None:
    """Add to the totals, in one transaction, the charges that were not added before.

    Where other transactions are busy with the same totals it waits, as long as the function has time. Raises
    `Transient` and `Refused`; then nothing was added.
    """
    delays = full_jitter()
    while charges:
        unseen = _transact(table, charges)
        if len(unseen) == len(charges):
            delay = next(delays)
            if seconds_left() < delay + _MARGIN_SECONDS:
                raise Transient("other transactions kept the totals busy")
            sleep(delay)
        charges = unseen


def _transact(table: str, charges: list[Charge]) -> list[Charge]:
    """Return the charges that are still to be added: none, or what of them no earlier attempt has added."""
    dynamodb, expires_at = client("dynamodb", hasty=True), str(int(time.time()) + _MARK_SECONDS)
    actions = [_mark(table, charge, expires_at) for charge in charges]
    actions += [_sum(table, total, str(amount), str(lines)) for total, (amount, lines) in sums(charges).items()]
    with translated():
        try:
            dynamodb.transact_write_items(TransactItems=actions)
        except dynamodb.exceptions.TransactionCanceledException as refusal:
            codes = [reason["Code"] for reason in refusal.response["CancellationReasons"]]
            unseen = [
                charge
                for charge, code in zip(charges, codes, strict=False)  # the sums' codes come last
                if code != "ConditionalCheckFailed"
            ]
            if "ValidationError" in codes:
                raise
            return unseen
    return []


def _mark(table: str, charge: Charge, expires_at: str) -> dict[str, Any]:
    return {
        "Put": {
            "TableName": table,
            "Item": {"customer_currency": {"S": f"seen#{charge.event_id}"}, "expires_at": {"N": expires_at}},
            "ConditionExpression": "attribute_not_exists(customer_currency)",
        }
    }


def _sum(table: str, total: str, amount: str, lines: str) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": table,
            "Key": {"customer_currency": {"S": total}},
            "UpdateExpression": "ADD #total :amount, #lines :lines",
            "ExpressionAttributeNames": {"#total": "total", "#lines": "lines"},
            "ExpressionAttributeValues": {":amount": {"N": amount}, ":lines": {"N": lines}},
        }
    }
