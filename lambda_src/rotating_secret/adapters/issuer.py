"""The function that issues addresses of webhooks, whoever wrote it.

It takes `{"channel", "in_force", "token"}` and answers `{"url"}`: for the same channel and token always the same. Two
addresses of a channel have to work from then on: this one, and that of the token `in_force`, or of the people who put
the first one, as a rotation may fail and readers change over after it. All others may go.
"""

import json

from rotating_secret.domain.errors import IssuerFailed
from shared.clients import client


def address(function: str, channel: str, in_force: str, token: str) -> str:
    """Return the address that the issuer gives a channel. Raises `IssuerFailed`."""
    request = json.dumps({"channel": channel, "in_force": in_force, "token": token}).encode()
    answer = client("lambda").invoke(FunctionName=function, Payload=request)
    if "FunctionError" in answer:
        raise IssuerFailed(f"channel {channel}: the issuer failed, as its log tells")
    try:
        url = json.loads(answer["Payload"].read())["url"]
    except (KeyError, TypeError, ValueError):
        url = None
    if not isinstance(url, str):
        raise IssuerFailed(f"channel {channel}: the issuer answered without a url")
    return url
