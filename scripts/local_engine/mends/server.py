"""The HTTP server: connections stay open and answers arrive in one piece, as clients expect of AWS's endpoints."""

from typing import Any
from weakref import WeakKeyDictionary

import h11
import hypercorn.asyncio
from hypercorn.asyncio.tcp_server import TCPServer

from scripts.local_engine.patching import Function, wrap

UNLIMITED = 1 << 31
_heads: WeakKeyDictionary[h11.Connection, bytes] = WeakKeyDictionary()


def apply() -> None:
    """Apply the mends of this file."""
    wrap(hypercorn.asyncio, "serve")(_serve)
    wrap(TCPServer, "_read_data")(_read_data)
    wrap(TCPServer, "_idle_timeout")(_idle_timeout)
    wrap(h11.Connection, "send")(_send)


def _serve(original: Function, app: Any, config: Any, **options: Any) -> Any:
    """Never close a connection that a client may be using again at this moment.

    AWS: an SDK may reuse a connection and retries what a closed one swallowed
    (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).
    Engine: it closed each connection after 1,000 requests or 75 idle seconds; a request sent at that moment was handled
    and retried, and creating an alias twice is a conflict.
    """
    config.keep_alive_timeout = UNLIMITED
    config.keep_alive_max_requests = UNLIMITED
    return original(app, config, **options)


async def _read_data(original: Function, self: TCPServer) -> None:
    """Let go of a connection that the client closed.

    Engine: it closed its own end only when the wait for the next request ended, which is never by now; every connection
    that had ever been opened kept a file open.
    """
    await original(self)
    await self.idle_task.stop()


async def _idle_timeout(original: Function, self: TCPServer) -> None:
    """Wait for no further request where the client is gone (it may have left before its answer)."""
    if not self.reader.at_eof() and self.reader.exception() is None:
        await original(self)


def _send(original: Function, self: h11.Connection, event: h11.Event) -> bytes:
    """Give an answer's head away together with the first piece of its body, so that a short answer arrives at once.

    AWS: says nothing of it; the interface that the engine is written for, ASGI, asks for it
    (https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event).
    Engine: it sent the head by itself. On a loaded machine, a Go client that has the head at times closes the
    connection with the body unread (https://github.com/aws/aws-sdk-go-v2/issues/1825, "use of closed network
    connection"). The SDK then calls again, and what Terraform has just created "already exists". A body that came with
    the head is not lost.
    """
    data: bytes = original(self, event) or b""
    if isinstance(event, h11.Response):
        _heads[self] = data
        return b""
    return _heads.pop(self, b"") + data
