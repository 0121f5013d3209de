"""RotateWebhooks: replaces the addresses of webhooks by those that an issuer makes."""

from dataclasses import dataclass
from functools import partial

from rotating_secret.adapters.deliveries import deliver_nothing
from rotating_secret.adapters.issuer import address
from rotating_secret.domain.webhooks import Webhooks
from shared.rotation.handler import rotation_handler
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment; `allowed_hosts` is a list with commas, `issuer_arn` who issues addresses."""

    allowed_hosts: str
    allow_loopback: bool
    issuer_arn: str


settings = once(Settings)


def webhooks() -> Webhooks:
    """Return the secret's issuer."""
    own = settings()
    hosts = tuple(own.allowed_hosts.split(","))
    return Webhooks(partial(address, own.issuer_arn), deliver_nothing, hosts, own.allow_loopback)


handler = rotation_handler(webhooks)
