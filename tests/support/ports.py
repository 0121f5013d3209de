"""Ports for servers that a test starts."""

import socket
from contextlib import suppress
from secrets import randbelow


def free_port() -> int:
    """Return a loopback port that nothing listens on: one of those that no system gives to others until it is taken."""
    while True:
        port = 20_000 + randbelow(12_000)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
