"""Brings a digest's reminder at its time: a message that SQS delays."""

from notifications.domain.incoming import DigestDue
from shared.clients import client
from shared.queues.translation import translated

_LONGEST_DELAY = 900  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html


def remind(queue_url: str, due: DigestDue, seconds: int) -> None:
    """Put a reminder into our own queue, to be delivered in so many seconds. Raises `Transient` and `Refused`."""
    with translated():
        client("sqs", hasty=True).send_message(
            QueueUrl=queue_url, MessageBody=due.to_body(), DelaySeconds=min(seconds, _LONGEST_DELAY)
        )
