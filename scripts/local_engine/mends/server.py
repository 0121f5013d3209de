"""The HTTP server: connections stay open, as clients expect of AWS's endpoints."""

from typing import Any

import hypercorn.asyncio

from scripts.local_engine.patching import Function, wrap

UNLIMITED = 1 << 31


def apply() -> None:
    """Apply the mends of this file."""
    wrap(hypercorn.asyncio, "serve")(_serve)


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
