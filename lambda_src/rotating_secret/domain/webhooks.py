"""Addresses of Slack's and Teams's webhooks, one a channel: `{"operations": "https://hooks.slack.com/services/…"}`.

Whoever knows such an address can write to the channel. An issuer makes new ones, and a delivery that says nothing
proves them.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from rotating_secret.domain.errors import NotProven
from shared.rotation.errors import Unusable
from shared.rotation.rotating import Issuer
from shared.webhooks import Answer, BadAddress, target

# Slack finds no text in it and refuses; a workflow of Teams runs through all of no cards.
NOTHING = {"type": "message", "text": "", "attachments": []}
# What Slack answers to that behind a good address: the one is documented, the other is what people get.
# https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/#handling_errors,
# https://gitlab.com/gitlab-org/gitlab-ce/issues/41853
_SAYS_NOTHING = {"no_text", "missing_text_or_fallback_or_attachments"}
# Behind an address that is no longer one. https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks
_GONE = {401, 403, 404, 410}
_DELIVERED = range(200, 300)
_BAD_REQUEST = 400


@dataclass(frozen=True)
class Webhooks(Issuer):
    """`ask` returns the address for a channel, the token in force and the new one; `deliver` posts `NOTHING` to one.

    `hosts` are where the secret's readers post to, and on this machine if `loopback`.
    """

    ask: Callable[[str, str, str], str]
    deliver: Callable[[str], Answer]
    hosts: tuple[str, ...]
    loopback: bool = False

    def first(self) -> None:
        """People put the first addresses: they know the channels."""

    def issue(self, before: str, in_force: str, token: str) -> str:
        """Return new addresses for the same channels. Raises `Unusable` for a value before that is none."""
        return json.dumps({channel: self.ask(channel, in_force, token) for channel in sorted(addresses(before))})

    def establish(self, value: str) -> None:
        """Nobody has to learn the addresses besides who reads the secret."""

    def prove(self, value: str) -> None:
        """Post to each address what nobody sees. Raises `Unusable`, and `NotProven` for what may pass."""
        found = addresses(value)
        for channel, address in found.items():
            try:
                target(address, self.hosts, loopback=self.loopback)
            except BadAddress as problem:
                raise Unusable(f"channel {channel}: {problem}") from None
        for channel, address in found.items():
            answer = self.deliver(address)
            if answer.status in _GONE:
                raise Unusable(f"channel {channel}: the address is answered {answer.status}")
            silent = answer.status == _BAD_REQUEST and answer.text.strip() in _SAYS_NOTHING
            if answer.status not in _DELIVERED and not silent:
                raise NotProven(f"channel {channel}: the address is answered {answer.status}")


def addresses(value: str) -> dict[str, str]:
    """Return the addresses by channel. Raises `Unusable`."""
    try:
        found = json.loads(value)
    except ValueError:
        raise Unusable("the value is not JSON") from None
    if not isinstance(found, dict) or not found:
        raise Unusable("the value is no JSON object of channels and addresses")
    wrong = sorted(channel for channel, address in found.items() if not isinstance(address, str))
    if wrong:
        raise Unusable(f"no address of a webhook: {', '.join(wrong)}")
    return found
