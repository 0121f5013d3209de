"""Where records of a stream go that a function could not process."""

import time
from datetime import UTC, datetime
from typing import Any

from ministack.services import dynamodb_streams

from scripts.local_engine import python_worker
from scripts.local_engine.delivery import Sender, deliver, exists
from scripts.local_engine.mends.event_sources.polling import Mapping
from scripts.local_engine.mends.lambda_invoke import publish

SERVICE = "lambda.amazonaws.com"


def discard(mapping: Mapping, records: list[dict[str, Any]], result: dict[str, Any], why: str, attempts: int) -> None:
    """Give up on records: tell the on-failure destination, if there is one, which they are.

    AWS: https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html (the role needs the destination's
    permission; `why` is the condition RetryAttemptsExhausted or MaxRecordAgeExceeded).
    Engine: only for records that were too old, and reached as root.
    """
    target = ((mapping.record.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    _, config = mapping.function()
    if not target or config is None:
        return
    sender = Sender(SERVICE, config["FunctionArn"], config["Role"])
    if exists(target) and sender.may_reach(target):
        deliver(target, _envelope(mapping, records, result, why, attempts) | {"version": "1.0"})
    else:
        publish(config, {"DestinationDeliveryFailures": (1, "Count")})


def _envelope(
    mapping: Mapping, records: list[dict[str, Any]], result: dict[str, Any], why: str, attempts: int
) -> dict[str, Any]:
    first, last = records[0]["dynamodb"], records[-1]["dynamodb"]
    version = (mapping.function()[1] or {}).get("Version", "$LATEST")
    failure = {"functionError": result.get("function_error") or "Unhandled"} if result.get("error") else {}
    return {
        "requestContext": {
            "requestId": python_worker.request_id(),
            "functionArn": mapping.record["FunctionArn"],
            "condition": why,
            "approximateInvokeCount": attempts,
        },
        "responseContext": {"statusCode": 200, "executedVersion": version, **failure},
        "timestamp": _iso(time.time(), "milliseconds"),
        "DDBStreamBatchInfo": {
            "shardId": dynamodb_streams._DEFAULT_SHARD_ID,
            "startSequenceNumber": first["SequenceNumber"],
            "endSequenceNumber": last["SequenceNumber"],
            "approximateArrivalOfFirstRecord": _iso(first["ApproximateCreationDateTime"]),
            "approximateArrivalOfLastRecord": _iso(last["ApproximateCreationDateTime"]),
            "batchSize": len(records),
            "streamArn": mapping.source,
        },
    }


def _iso(seconds: float, precision: str = "seconds") -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=precision).replace("+00:00", "Z")
