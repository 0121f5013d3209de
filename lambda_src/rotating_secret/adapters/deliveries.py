"""Posts to a webhook, as its consumers do. An address is a secret: no error tells it."""

from urllib.parse import urlsplit

from rotating_secret.domain.errors import NotProven
from rotating_secret.domain.webhooks import NOTHING
from shared.posting import NoAnswer, post
from shared.webhooks import Answer

_SECONDS = 5


def deliver_nothing(address: str) -> Answer:
    """Post a message without content to an address that may be posted to. Raises `NotProven` when nothing answers."""
    try:
        return post(urlsplit(address), NOTHING, _SECONDS)
    except NoAnswer as problem:
        raise NotProven(f"a webhook could not be reached: {problem}") from None
