"""A server on 127.0.0.1 whose paths are channels of Slack and Teams, and that has every trouble they have.

`/services/T…/<key>/<channel>` is an incoming webhook of Slack,
`/workflows/<channel>/triggers/manual/paths/invoke?sig=<key>` one of Teams' Workflows. `/webhooks` makes new ones, as
those who administer both could let a program do; all other answers are as documented:
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/#handling_errors,
https://docs.slack.dev/apis/web-api/rate-limits#incoming-webhooks and
https://learn.microsoft.com/azure/logic-apps/handle-throttling-problems-429-errors
"""

import json
import secrets
import threading
import time
from collections import defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs

from scripts.chat.contract import problems

HOST = "127.0.0.1"
FIRST_KEYS = {"slack": "B00000000", "teams": "not-a-real-signature"}
ADMINISTRATION = "/webhooks"
_SLACK, _TEAMS = "slack", "teams"
_OF_PEOPLE = ""  # in place of the token by which a program asked
_DRIPS, _DRIP_SECONDS = 200, 0.1
_MOST_BYTES = 1 << 20


class Trouble(StrEnum):
    """What happens to a post instead of being taken."""

    BUSY = "429 with Retry-After"
    BROKEN = "500"
    SLOW = "no answer for a while"
    DRIPPING = "an answer that comes byte by byte"
    DROPPED = "the connection ends without an answer"
    AFTERWARDS = "the post is taken, and the connection ends without an answer"
    GONE = "the webhook was removed"
    REDIRECT = "another place is named"


@dataclass(frozen=True)
class Post:
    """A message that a channel took: by the key in which address, when (`time.monotonic`), and what."""

    channel: str
    service: str
    key: str
    at: float
    message: dict[str, Any]

    @property
    def text(self) -> str:
        """All that people read of it."""
        return "\n".join(_read(self.message))

    @property
    def is_silent(self) -> bool:
        """Whether nobody reads anything of it: how an address is tried out."""
        return not (self.message.get("text") or self.message.get("blocks") or self.message.get("attachments"))


class Chat:
    """The server; a context manager. Its channels are there as soon as somebody posts to them."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.silent: list[Post] = []
        self.attempts: dict[str, list[float]] = defaultdict(list)
        self.complaints: list[str] = []
        self._troubles: dict[str, deque[tuple[Trouble, float]]] = defaultdict(deque)
        self._services: dict[str, str] = {}
        self._keys: dict[str, dict[str, str]] = {}  # of each channel: who asked for one, the key
        self._changed = threading.Condition()
        chat = self

        class Handler(_Handler):
            server_chat = chat

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def slack(self, channel: str) -> str:
        """Return the address of a channel's incoming webhook, the one that people made."""
        return self._made(channel, _SLACK)

    def teams(self, channel: str) -> str:
        """Return the address of a channel's Workflows webhook, the one that people made."""
        return self._made(channel, _TEAMS)

    def issue(self, channel: str, in_force: str, token: str) -> str:
        """Return an address of a channel, for the same token the same; only that in force works besides.

        Raises KeyError for a channel that nobody has an address of.
        """
        with self._changed:
            keys = self._keys[channel]
            kept = in_force if in_force in keys else _OF_PEOPLE
            keys = {each: key for each, key in keys.items() if each in {kept, token}}
            self._keys[channel] = keys | {token: keys.get(token) or secrets.token_hex(12)}
            return self._address(channel, self._keys[channel][token])

    def has(self, channel: str, service: str, key: str) -> bool:
        """Tell whether an address is one."""
        with self._changed:
            return self._services.get(channel) == service and key in self._keys[channel].values()

    def _made(self, channel: str, service: str) -> str:
        with self._changed:
            self._services[channel] = service
            self._keys.setdefault(channel, {_OF_PEOPLE: FIRST_KEYS[service]})
        return self._address(channel, FIRST_KEYS[service])

    def _address(self, channel: str, key: str) -> str:
        if self._services[channel] == _SLACK:
            return f"{self.url}/services/T00000000/{key}/{channel}"
        path = f"/workflows/{channel}/triggers/manual/paths/invoke"
        return f"{self.url}{path}?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={key}"

    def trouble(self, channel: str, trouble: Trouble, times: int = 1, seconds: float = 1) -> None:
        """Let the next posts into a channel meet a trouble; `seconds` is what Retry-After says, or how slow it is."""
        with self._changed:
            self._troubles[channel].extend([(trouble, seconds)] * times)

    def of(self, channel: str) -> list[Post]:
        """Return what a channel took so far."""
        with self._changed:
            return [post for post in self.posts if post.channel == channel]

    def wait_for(self, channel: str, count: int = 1, seconds: float = 10) -> list[Post]:
        """Return what a channel took, as soon as there are `count` posts, or when the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: sum(post.channel == channel for post in self.posts) >= count, seconds)
        return self.of(channel)

    def forget(self) -> None:
        """Forget all posts and troubles."""
        with self._changed:
            self.posts.clear()
            self.silent.clear()
            self.attempts.clear()
            self.complaints.clear()
            self._troubles.clear()

    def attempt(self, channel: str) -> tuple[Trouble, float] | None:
        """Note that somebody posts; return the trouble that meets them."""
        with self._changed:
            self.attempts[channel].append(time.monotonic())
            return self._troubles[channel].popleft() if self._troubles[channel] else None

    def take(self, post: Post) -> None:
        """Note a post that was taken."""
        with self._changed:
            (self.silent if post.is_silent else self.posts).append(post)
            self._changed.notify_all()

    def complain(self, found: list[str]) -> None:
        """Note what was wrong with a post."""
        with self._changed:
            self.complaints += found


class _Handler(BaseHTTPRequestHandler):
    """One post."""

    server_chat: Chat
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:  # the base class's name
        """Take a post, or let it meet its trouble."""
        body = self.rfile.read(min(int(self.headers.get("Content-Length", "0")), _MOST_BYTES))
        if self.path == ADMINISTRATION:
            self._answer(200, json.dumps({"url": self.server_chat.issue(**json.loads(body))}))
            return
        place = _place(self.path)
        if place is None or not self.server_chat.has(*place):
            self._answer(404, "no_service")
            return
        channel, service, key = place
        met = self.server_chat.attempt(channel)
        if met and not self._meet(*met, service):
            return
        found = problems(service, body)
        if found or not self.headers.get("Content-Type", "").startswith("application/json"):
            self.server_chat.complain(found or ["the content is not declared as JSON"])
            self._refuse(service, found)
            return
        post = Post(channel, service, key, time.monotonic(), json.loads(body))
        self.server_chat.take(post)
        if met and met[0] is Trouble.AFTERWARDS:
            self._drop()
        elif service == _SLACK:
            self._answer(*((400, "no_text") if post.is_silent else (200, "ok")))
        else:
            self._answer(202, "")

    def _meet(self, trouble: Trouble, seconds: float, service: str) -> bool:
        """Meet a trouble; tell whether the post is taken all the same."""
        match trouble:
            case Trouble.BUSY:
                text = "rate_limited" if service == _SLACK else _error("WorkflowTriggerIsThrottled")
                self._answer(429, text, {"Retry-After": f"{seconds:g}"})
            case Trouble.BROKEN:
                self._answer(500, "rollup_error" if service == _SLACK else _error("InternalServerError"))
            case Trouble.GONE:
                self._answer(*((404, "no_service") if service == _SLACK else (404, _error("WorkflowNotFound"))))
            case Trouble.REDIRECT:
                self._answer(307, "", {"Location": f"{self.server_chat.url}/services/T0/B0/elsewhere"})
            case Trouble.DROPPED:
                self._drop()
            case Trouble.DRIPPING:
                self._drip()
            case Trouble.SLOW:
                time.sleep(seconds)
                self._drop()
            case Trouble.AFTERWARDS:
                return True
        return False

    def _refuse(self, service: str, found: list[str]) -> None:
        """Answer as they do when they do not understand a post."""
        if service == _SLACK:
            self._answer(400, "invalid_blocks" if any("blocks" in each for each in found) else "invalid_payload")
        else:
            self._answer(400, _error("TriggerInputSchemaMismatch"))

    def _answer(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        body = text.encode()
        with suppress(OSError):  # whoever asked has gone
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    def _drip(self) -> None:
        """Answer so slowly that each byte comes in time and the whole never does."""
        with suppress(OSError):
            for byte in b"HTTP/1.1 200 " + b"O" * _DRIPS:
                self.wfile.write(bytes([byte]))
                time.sleep(_DRIP_SECONDS)
        self._drop()

    def _drop(self) -> None:
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Keep quiet: addresses are secrets."""


def _place(path: str) -> tuple[str, str, str] | None:
    """Return the channel, the service and the key that a path means."""
    parts, _, query = path.partition("?")
    match parts.strip("/").split("/"):
        case ["services", _, key, channel]:
            return channel, _SLACK, key
        case ["workflows", channel, "triggers", "manual", "paths", "invoke"]:
            return channel, _TEAMS, "".join(parse_qs(query).get("sig", []))
    return None


def _error(code: str) -> str:
    return json.dumps({"error": {"code": code, "message": f"The request failed: {code}."}})


def _read(value: object) -> list[str]:
    """Return the texts of a message in order."""
    if isinstance(value, dict):
        own = [str(value[name]) for name in ("title", "value", "text") if isinstance(value.get(name), str)]
        return own + [text for each in value.values() for text in _read(each)]
    return [text for each in value for text in _read(each)] if isinstance(value, list) else []
