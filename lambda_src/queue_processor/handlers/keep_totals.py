"""KeepTotals: adds new results to the totals of their customers, each exactly once, however often it is delivered."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from queue_processor.adapters import totals
from queue_processor.domain.processing import Failure
from queue_processor.domain.totals import Charge, transactions
from shared.context import Context, seconds_left
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    totals_table: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Take records of the results' stream; return the first that failed, from which on Lambda delivers again."""
    charges, failed = _read(event["Records"])
    for transaction in transactions(charges):
        try:
            totals.add(settings().totals_table, transaction, partial(seconds_left, context))
        except Exception as error:  # noqa: BLE001  # what was added before it need not be delivered again
            failed = _noted(transaction[0].sequence_number, error)
            break
    logger.info("the records are read", extra={"records": len(event["Records"]), "charges": len(charges)})
    return {"batchItemFailures": [{"itemIdentifier": failed}] if failed is not None else []}


def _read(records: list[dict[str, Any]]) -> tuple[list[Charge], str | None]:
    """Return the charges up to the first record that cannot be read, and that one's sequence number."""
    charges: dict[str, Charge] = {}
    for record in records:
        try:
            charge = Charge.from_record(record)
        except Exception as error:  # noqa: BLE001  # one record must not hold up those before it
            return list(charges.values()), _noted(record["dynamodb"]["SequenceNumber"], error)
        if charge:
            charges[charge.event_id] = charge
    return list(charges.values()), None


def _noted(sequence_number: str, error: Exception) -> str:
    failure = Failure.of(error)
    why = {"sequence_number": sequence_number, "error_type": failure.error_type, "reason": failure.reason}
    logger.warning("records go back to the stream", extra=why)
    return sequence_number
