"""ProcessMessages: turns usage records from a queue into invoice lines, each once, and tells SQS what to show again."""

from collections import Counter
from dataclasses import dataclass
from math import ceil
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from queue_processor.adapters import results
from queue_processor.adapters.prices import price_list
from queue_processor.domain.processing import Failure, Outcome, Processor, Verdict
from queue_processor.domain.usage import UsageRecord
from shared.backoff import jittered
from shared.context import Context, seconds_left
from shared.handlers import lambda_handler
from shared.observability import logger, metrics
from shared.queues import sending
from shared.queues.errors import KnownError
from shared.queues.message import Message, lanes
from shared.settings import once

_FIRST_BACKOFF_SECONDS = 2.0
_MARGIN_SECONDS = 3.0  # what one message may take when AWS answers slowly
_COUNTED = [verdict for verdict in Verdict if verdict is not Verdict.UNTOUCHED]


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    results_table: str
    prices_parameter: str
    queue_url: str
    failure_queue_url: str
    retention_days: int
    max_backoff_seconds: int
    max_receive_count: int


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Take a batch of SQS messages; return those that go back to the queue as `batchItemFailures`."""
    processor = Processor(
        work=_price,
        send_away=_send_away,
        delay=_delay,
        has_time=lambda: seconds_left(context) >= _MARGIN_SECONDS,
        max_receive_count=settings().max_receive_count,
    )
    messages = [Message.from_record(record) for record in event["Records"]]
    outcomes = [outcome for lane in lanes(messages) for outcome in processor.lane(lane)]
    _show_later(outcomes)
    _report(outcomes)
    return {"batchItemFailures": [{"itemIdentifier": one.message.id} for one in outcomes if one.returned]}


def _price(message: Message) -> Verdict:
    """Do the work on one message. This is the place for your own: any error it raises is classified by its class."""
    usage = UsageRecord.from_body(message.body)
    line = price_list(settings().prices_parameter).line(usage)
    stored = results.store(settings().results_table, line, message.id, settings().retention_days)
    if stored is None:
        return Verdict.PROCESSED
    line.check_repeats(stored)
    return Verdict.DUPLICATE


def _send_away(message: Message, failure: Failure) -> None:
    why = {"reason": failure.reason, "error_type": failure.error_type}
    sending.send_away(settings().failure_queue_url, message, why)


def _delay(message: Message) -> int:
    """Return the seconds before a message is tried again: full jitter below a bound that doubles with each receive."""
    return ceil(jittered(message.receive_count - 1, _FIRST_BACKOFF_SECONDS, settings().max_backoff_seconds))


def _show_later(outcomes: list[Outcome]) -> None:
    """Ask for the delays; without them messages come back when their visibility ends, so a failure is only logged."""
    try:
        sending.delay(settings().queue_url, [(one.message, one.delay) for one in outcomes if one.delay is not None])
    except KnownError as error:
        logger.warning("messages could not be delayed", extra={"reason": str(error)})


def _report(outcomes: list[Outcome]) -> None:
    """Count the verdicts, and log every failure by its message's id: a body may hold anything."""
    for one in outcomes:
        if failure := one.failure:
            fate = "returned" if one.returned else "sent to the failure queue"
            about = {"message_id": one.message.id, "receive_count": one.message.receive_count, "fate": fate}
            why = {"verdict": failure.verdict, "error_type": failure.error_type, "reason": failure.reason}
            logger.warning("a message failed", extra=about | why)
    counts = Counter(one.verdict for one in outcomes)
    for verdict in _COUNTED:
        metrics.add_metric(verdict, MetricUnit.Count, counts[verdict])
    metrics.flush_metrics()
    logger.info("the batch is done", extra={"counts": counts})
