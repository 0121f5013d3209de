"""Posts JSON to an address: over TLS, in bounded time, and without following redirects.

An address may be a secret: no sentence holds a part of it.
"""

import json
import ssl
import time
from contextlib import closing
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from socket import SHUT_RDWR
from threading import Timer
from typing import Any
from urllib.parse import SplitResult

from shared.webhooks import Answer

_MOST_BYTES = 1024  # of an answer: Slack says a word, a Workflows webhook nothing
_HEADERS = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "workflows-notifications"}


class NoAnswer(Exception):
    """Nobody answered, or not in time; another attempt may have more luck."""


def post(target: SplitResult, message: dict[str, Any], seconds: float) -> Answer:
    """Send a message to what `shared.webhooks.target` let through; read the beginning of the answer.

    All of it takes `seconds` at most: a socket's own time-out begins anew with each byte, so that a slow answer is cut
    off by a timer. Raises `NoAnswer`.
    """
    with closing(_connection(target, seconds)) as connection:
        watch, began = Timer(seconds, _cut, [connection]), time.monotonic()
        watch.daemon = True
        watch.start()
        try:
            path = f"{target.path or '/'}?{target.query}" if target.query else target.path or "/"
            connection.request("POST", path, json.dumps(message, ensure_ascii=False).encode(), _HEADERS)
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, _said(answer), headers)
        except (HTTPException, OSError) as trouble:
            late = time.monotonic() - began >= seconds
            raise NoAnswer(f"none within {seconds:g} s" if late else type(trouble).__name__) from None
        finally:
            watch.cancel()


def _said(answer: HTTPResponse) -> str:
    """Return the beginning of an answer's text; what its status says is so, whether the text comes or not."""
    try:
        return answer.read(_MOST_BYTES).decode(errors="replace")
    except (HTTPException, OSError):
        return ""


def _connection(target: SplitResult, seconds: float) -> HTTPConnection:
    host = target.hostname or ""
    if target.scheme == "http":
        return HTTPConnection(host, target.port, timeout=seconds)
    return HTTPSConnection(host, target.port, timeout=seconds, context=_tls())


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _cut(connection: HTTPConnection) -> None:
    """End a connection, whatever it waits for."""
    socket = connection.sock
    if socket is not None:
        try:
            socket.shutdown(SHUT_RDWR)
        except OSError:  # it has ended by itself
            return
