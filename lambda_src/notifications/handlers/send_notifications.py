"""SendNotifications: tells Slack and Teams what comes out of the queue, and SQS what to show again, and when."""

import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from notifications.adapters import reminders
from notifications.adapters.addresses import address
from notifications.adapters.ledger import Table
from notifications.adapters.owners import owner_of
from notifications.adapters.rules import read_rules
from notifications.adapters.webhooks import Web
from notifications.domain import slack, teams
from notifications.domain.delivering import CHANNELS, Courier, Failure, Fate, Verdict
from notifications.domain.notification import Notification
from notifications.domain.settings import Style
from shared.backoff import jittered
from shared.context import Context, seconds_left
from shared.handlers import lambda_handler
from shared.observability import logger, metrics
from shared.queues import sending
from shared.queues.errors import KnownError
from shared.queues.message import Message
from shared.settings import once

_FIRST_BACKOFF_SECONDS = 2.0
_MARGIN_SECONDS = 5.0  # what one delivery takes beside the post when AWS answers slowly
_MESSAGES = {Style.SLACK: slack.message, Style.TEAMS: teams.message}


@dataclass(frozen=True)
class Settings:
    """The function's environment; `allowed_hosts` is a list with commas."""

    allowed_hosts: str
    allow_loopback: bool
    claims_table: str
    failure_queue_url: str
    keep_seconds: int
    max_backoff_seconds: int
    max_receive_count: int
    name_prefix: str
    post_seconds: int
    queue_url: str
    settings_parameter: str
    webhooks_secret: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Take a batch of SQS messages; return those that go back to the queue as `batchItemFailures`."""
    fates = _courier(context).take([Message.from_record(record) for record in event["Records"]])
    _show_later(fates)
    _report(fates)
    return {"batchItemFailures": [{"itemIdentifier": fate.message.id} for fate in fates if fate.returned]}


def _courier(context: Context) -> Courier:
    own = settings()
    return Courier(
        ledger=Table(own.claims_table),
        rules=lambda: read_rules(own.settings_parameter, own.keep_seconds),
        owner_of=owner_of,
        post=_post,
        send_away=_send_away,
        remind=partial(reminders.remind, own.queue_url),
        back_off=_delay,
        has_time=lambda: seconds_left(context) >= own.post_seconds + _MARGIN_SECONDS,
        clock=time.time,
        ends_at=ceil(time.time() + seconds_left(context)),
        max_receive_count=own.max_receive_count,
        prefix=own.name_prefix,
    )


def _post(channel: str, style: Style, notification: Notification) -> None:
    own = settings()
    web = Web(tuple(own.allowed_hosts.split(",")), own.post_seconds, own.allow_loopback)
    web.post(address(own.webhooks_secret, channel, own.keep_seconds), _MESSAGES[style](notification))


def _send_away(message: Message, failure: Failure) -> None:
    """Keep a message that could not be told, with the reason and the channel, so that it can be sent there again."""
    channel = {CHANNELS: failure.channel} if failure.channel else {}
    why = {"reason": failure.reason, "error_type": failure.error_type, **channel}
    sending.send_away(settings().failure_queue_url, message, why)


def _delay(message: Message) -> int:
    """Return the seconds before a message is tried again: full jitter below a bound that doubles with each receive."""
    return 1 + ceil(jittered(message.receive_count - 1, _FIRST_BACKOFF_SECONDS, settings().max_backoff_seconds))


def _show_later(fates: list[Fate]) -> None:
    """Ask for the delays; without them messages come back when their visibility ends, so a failure is only logged."""
    delays = [(fate.message, fate.delay) for fate in fates if fate.returned and fate.delay is not None]
    try:
        sending.delay(settings().queue_url, delays)
    except KnownError as error:
        logger.warning("messages could not be delayed", extra={"reason": str(error)})


def _report(fates: list[Fate]) -> None:
    """Count what became of everything, and log every failure by its message's id: a body may hold anything."""
    for fate in fates:
        for outcome in fate.outcomes:
            if failure := outcome.failure:
                about = {"message_id": fate.message.id, "receive_count": fate.message.receive_count}
                why = {"channel": failure.channel, "error_type": failure.error_type, "reason": failure.reason}
                logger.warning("a notification failed", extra=about | why | {"verdict": outcome.verdict})
    counts = sum((fate.counts for fate in fates), Counter[Verdict]())
    for verdict in Verdict:
        metrics.add_metric(verdict, MetricUnit.Count, counts[verdict])
    metrics.flush_metrics()
    logger.info("the batch is done", extra={"counts": counts})
