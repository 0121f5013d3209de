"""Where webhooks may be: over TLS, on hosts that a value names. An address is a secret, and no sentence tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from urllib.parse import SplitResult, urlsplit

LOOPBACK = "127.0.0.1"
_HTTPS = 443


class BadAddress(ValueError):
    """An address is none that may be posted to; the sentence holds nothing of it."""


@dataclass(frozen=True)
class Answer:
    """What a webhook answered: the beginning of its text, and headers by their names in small letters."""

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


def target(address: str, hosts: tuple[str, ...], *, loopback: bool) -> SplitResult:
    """Return an address's parts if it may be posted to: `hosts` are names, `*` stands for a part of one.

    `loopback` allows plain HTTP to 127.0.0.1 as well, where tests and the demo listen. Raises `BadAddress`.
    """
    try:
        parts = urlsplit(address)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise BadAddress("the channel's address is none") from None
    if parts.username is not None or not address.isascii() or not address.isprintable() or " " in address:
        raise BadAddress("the channel's address holds what an address must not")
    if loopback and host == LOOPBACK and parts.scheme == "http":
        return parts
    if parts.scheme != "https" or port not in {None, _HTTPS}:
        raise BadAddress("the channel's address is not https")
    if not any(_is_host(host, pattern) for pattern in hosts):
        raise BadAddress("the channel's address is on a host that is not allowed")
    return parts


def _is_host(host: str, pattern: str) -> bool:
    """Tell whether a host is one; a `*` stands for at least one character."""
    return fnmatchcase(host, pattern.replace("*", "?*"))
