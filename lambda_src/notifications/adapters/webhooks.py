"""Posts into channels, on hosts that are allowed, and says what their answers mean.

What Slack answers: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/#handling_errors and
https://docs.slack.dev/apis/web-api/rate-limits; a Workflows webhook answers 202, and 429 with Retry-After.
An address is a secret: no sentence and no log line holds a part of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import ceil
from typing import Any
from urllib.parse import SplitResult

from notifications.domain.errors import BadAddress, Busy, Rejected
from shared import webhooks as places
from shared.posting import NoAnswer, post
from shared.queues.errors import Transient
from shared.redaction import redacted

_QUOTED = 120
_DEFAULT_WAIT, _LONGEST_WAIT = 30, 39_600  # SQS hides a message for twelve hours at most, all attempts of it


@dataclass(frozen=True)
class Web:
    """How posts are sent: to `hosts` (names, `*` for a part of them) over TLS, all of it within `seconds`.

    `loopback` allows plain HTTP to 127.0.0.1 as well, where tests and the demo listen.
    """

    hosts: tuple[str, ...]
    seconds: float
    loopback: bool = False

    def post(self, address: str, message: dict[str, Any]) -> None:
        """Send a message. Raises `BadAddress`, `Rejected`, `Busy` and `Transient`."""
        try:
            target = places.target(address, self.hosts, loopback=self.loopback)
        except places.BadAddress as problem:
            raise BadAddress(str(problem)) from None
        try:
            answer = post(target, message, self.seconds)
        except NoAnswer as trouble:
            raise Transient(f"no answer from the channel: {trouble}") from None
        _judge(answer.status, answer.headers, _quoted(answer.text, target))


def _judge(status: int, headers: Mapping[str, str], said: str) -> None:
    """Accept an answer, or say what it means. Raises `Busy`, `Transient` and `Rejected`."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    sentence = f"the channel answered {status}" + (f": {said}" if said else "")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Busy(sentence, wait(headers.get("retry-after", "")))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Transient(sentence)
    raise Rejected(sentence)


def wait(retry_after: str) -> int:
    """Return how many seconds a Retry-After asks for, by number or by date, within bounds: RFC 9110, section 10.2.3."""
    seconds: float = _DEFAULT_WAIT
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        seconds = int(text[:9])
    elif text:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return _DEFAULT_WAIT
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (aware - datetime.now(UTC)).total_seconds()
    return max(1, min(ceil(seconds), _LONGEST_WAIT))


def _quoted(text: str, target: SplitResult) -> str:
    """Return the beginning of an answer without what could be a part of the address, on one line."""
    for part in _parts(target):
        text = text.replace(part, "***")
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return redacted(line)[:_QUOTED]


def _parts(target: SplitResult) -> Iterable[str]:
    """Return the parts of an address that are secret, the longest first."""
    values = [value for pair in target.query.split("&") for value in pair.partition("=")[2:]]
    found = {target.path, target.query, *target.path.split("/"), *values}
    return sorted((part for part in found if len(part) > 5), key=len, reverse=True)  # noqa: PLR2004  # shorter is no secret
