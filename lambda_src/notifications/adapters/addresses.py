"""Where channels are: the secret with their webhooks' addresses, which is read now and then and never logged."""

import json
import time
from collections.abc import Callable, Mapping
from functools import lru_cache

from notifications.domain.errors import NoAddress
from shared.clients import client
from shared.queues.translation import translated


def address(secret: str, channel: str, kept_seconds: int, clock: Callable[[], float] = time.monotonic) -> str:
    """Return a channel's address, `kept_seconds` old at most. Raises `NoAddress`, `Transient` and `Refused`."""
    found = _read(secret, int(clock() // kept_seconds)).get(channel)
    if not found or not isinstance(found, str):
        raise NoAddress("the secret holds no address of the channel")
    return found


@lru_cache(maxsize=1)
def _read(secret: str, _period: int) -> Mapping[str, object]:
    """Return the secret's JSON object; what is wrong with it is told without a word of it."""
    secrets = client("secretsmanager", hasty=True)
    with translated():
        try:
            text = secrets.get_secret_value(SecretId=secret)["SecretString"]
        except secrets.exceptions.ResourceNotFoundException:
            raise NoAddress("nobody has put addresses into the secret") from None
    try:
        document = json.loads(text)
    except ValueError:
        raise NoAddress("the secret is not JSON") from None
    if not isinstance(document, dict):
        raise NoAddress("the secret is not a JSON object")
    return document
