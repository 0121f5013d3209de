"""The results table: claim and result are one conditional write, so an attempt that dies leaves nothing to wait for."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from queue_processor.domain.prices import InvoiceLine
from queue_processor.domain.usage import UsageRecord
from shared.clients import client
from shared.queues.translation import translated

_NEW_OR_EXPIRED = "attribute_not_exists(business_key) OR expires_at < :now"  # TTL removes items days late
_DAY_SECONDS = 86_400


def store(
    table: str, line: InvoiceLine, message_id: str, retention_days: int, clock: Callable[[], float] = time.time
) -> InvoiceLine | None:
    """Store a new result, to be kept for some days, and return None; or return what is stored under its key.

    Raises `Transient` and `Refused`.
    """
    dynamodb, now = client("dynamodb", hasty=True), int(clock())
    kept = {
        "processed_at": {"S": datetime.fromtimestamp(now, UTC).isoformat()},
        "message_id": {"S": message_id},
        "expires_at": {"N": str(now + retention_days * _DAY_SECONDS)},
    }
    with translated():
        try:
            dynamodb.put_item(
                TableName=table,
                Item=_item(line) | kept,
                ConditionExpression=_NEW_OR_EXPIRED,
                ExpressionAttributeValues={":now": {"N": str(now)}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except dynamodb.exceptions.ConditionalCheckFailedException as refusal:
            return _line(refusal.response["Item"])
    return None


def _item(line: InvoiceLine) -> dict[str, dict[str, str]]:
    usage = line.usage
    return {
        "business_key": {"S": usage.usage_id},
        "customer": {"S": usage.customer},
        "meter": {"S": usage.meter},
        "period": {"S": usage.period},
        "quantity": {"N": str(usage.quantity)},
        "amount": {"N": str(line.amount)},
        "currency": {"S": line.currency},
    }


def _line(item: dict[str, Any]) -> InvoiceLine:
    usage = UsageRecord(
        usage_id=item["business_key"]["S"],
        customer=item["customer"]["S"],
        meter=item["meter"]["S"],
        period=item["period"]["S"],
        quantity=Decimal(item["quantity"]["N"]),
    )
    return InvoiceLine(usage, Decimal(item["amount"]["N"]), item["currency"]["S"])
