"""A server on this machine that answers like the webhooks of Slack and Teams."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Server:
    """Where it listens, what was posted to it, and what it answers by path: a status and a text."""

    url: str = ""
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    posted: list[tuple[str, Any]] = field(default_factory=list)


@contextmanager
def serving() -> Iterator[Server]:
    """Listen for a while."""
    served = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            served.posted.append((self.path, json.loads(body)))
            status, text = served.answers.get(self.path, (404, "no_service"))
            self.send_response(status)
            if status in range(300, 400):
                self.send_header("Location", f"{served.url}/elsewhere")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{listening.server_port}"
    thread = Thread(target=listening.serve_forever)
    thread.start()
    try:
        yield served
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
