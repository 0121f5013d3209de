"""Posts into channels, over real sockets: what each answer and each trouble means, and where nothing is ever sent."""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from notifications.adapters.webhooks import Web, wait
from notifications.domain.errors import BadAddress, Busy, Rejected
from scripts.chat.contract import SILENT
from scripts.chat.server import Chat, Trouble
from shared import posting
from shared.queues.errors import KnownError, Transient

HOSTS = ("hooks.slack.com", "*.logic.azure.com", "*.environment.api.powerplatform.com")
WEB = Web(HOSTS, seconds=60, loopback=True)
GOOD: dict[str, Any] = {"text": "Bücher & mehr".replace("&", "&amp;")}
CARD: dict[str, Any] = {
    "type": "message",
    "attachments": [
        {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {"type": "AdaptiveCard", "version": "1.2", "body": [{"type": "TextBlock", "text": "x"}]},
        }
    ],
}


@pytest.fixture
def chat() -> Iterator[Chat]:
    with Chat() as found:
        yield found


def test_slack_and_teams_take_what_is_posted(chat: Chat) -> None:
    WEB.post(chat.slack("ops"), GOOD)
    WEB.post(chat.teams("desk"), CARD)
    assert [post.message for post in chat.posts] == [GOOD, CARD]


@pytest.mark.parametrize(
    ("trouble", "error", "says"),
    [
        (Trouble.BROKEN, Transient, "the channel answered 500: rollup_error"),
        (Trouble.DROPPED, Transient, "no answer from the channel: RemoteDisconnected"),
        (Trouble.AFTERWARDS, Transient, "no answer from the channel: RemoteDisconnected"),
        (Trouble.GONE, Rejected, "the channel answered 404: no_service"),
        (Trouble.REDIRECT, Rejected, "the channel answered 307"),
    ],
)
def test_each_trouble_means_something(chat: Chat, trouble: Trouble, error: type[KnownError], says: str) -> None:
    chat.trouble("ops", trouble)
    with pytest.raises(error) as raised:
        WEB.post(chat.slack("ops"), GOOD)
    assert str(raised.value) == says
    assert not chat.of("elsewhere"), "no redirect is followed"


@pytest.mark.parametrize("trouble", [Trouble.SLOW, Trouble.DRIPPING])
def test_a_post_takes_bounded_time(chat: Chat, trouble: Trouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.chat.server._DRIP_SECONDS", 0.4)  # there is no status long after the second is over
    chat.trouble("ops", trouble, seconds=80)  # as long as all drips take
    began = time.monotonic()
    with pytest.raises(Transient) as raised:
        replace(WEB, seconds=1).post(chat.slack("ops"), GOOD)
    assert str(raised.value) == "no answer from the channel: none within 1 s"
    assert time.monotonic() - began < 60


def test_a_busy_channel_says_for_how_long(chat: Chat) -> None:
    chat.trouble("ops", Trouble.BUSY, seconds=7)
    with pytest.raises(Busy) as raised:
        WEB.post(chat.slack("ops"), GOOD)
    assert raised.value.seconds == 7


@pytest.mark.parametrize(("service", "code"), [("slack", "invalid_payload"), ("teams", "TriggerInputSchemaMismatch")])
def test_a_message_that_is_not_understood_is_refused_for_good(chat: Chat, service: str, code: str) -> None:
    with pytest.raises(Rejected, match=f"answered 400: .*{code}"):
        WEB.post(getattr(chat, service)("x"), {"nothing": "of use"})


def test_of_a_channel_s_addresses_the_new_one_and_that_in_force_work(chat: Chat) -> None:
    by_people, first = chat.slack("ops"), chat.issue("ops", in_force="nobody's", token="one")
    assert chat.issue("ops", in_force="nobody's", token="one") == first
    WEB.post(by_people, GOOD)
    second = chat.issue("ops", in_force="one", token="two")
    for address in (first, second):
        WEB.post(address, GOOD)
    with pytest.raises(Rejected, match="answered 404"):
        WEB.post(by_people, GOOD)


def test_a_message_without_content_is_understood_and_seen_by_nobody(chat: Chat) -> None:
    with pytest.raises(Rejected, match="answered 400: no_text"):
        WEB.post(chat.slack("ops"), SILENT)
    WEB.post(chat.teams("desk"), SILENT)
    assert not chat.posts
    assert not chat.complaints
    assert len(chat.silent) == 2


def test_nobody_listening_is_a_trouble_that_may_pass() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Transient, match="ConnectionRefusedError"):
        WEB.post(f"http://127.0.0.1:{port}/services/T0/B0/ops", GOOD)


def test_no_part_of_an_address_is_told_even_if_the_answer_has_it() -> None:
    """A server that repeats what it was asked, as some do in their error messages."""
    sig = "tFs9LpcdsN1pG3OG"
    with socket.create_server(("127.0.0.1", 0)) as server:
        answerer = threading.Thread(target=answer_with_the_request, args=(server,), daemon=True)
        answerer.start()
        port = server.getsockname()[1]
        with pytest.raises(Rejected) as raised:
            WEB.post(f"http://127.0.0.1:{port}/services/T12345678/B12345678/{sig}?sig={sig}&sp=%2Frun", GOOD)
        answerer.join()
    for part in (sig, "T12345678", "B12345678", str(port)):
        assert part not in str(raised.value)
    assert len(str(raised.value)) < 200
    assert raised.value.__cause__ is None


def answer_with_the_request(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        asked = connection.recv(4096).split(b"\r\n")[0]
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%s" % (len(asked), asked))


def test_a_long_answer_is_read_in_part_only() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        answerer = threading.Thread(target=answer_without_end, args=(server,), daemon=True)
        answerer.start()
        with pytest.raises(Rejected) as raised:
            WEB.post(f"http://127.0.0.1:{server.getsockname()[1]}/services/T0/B0/ops", GOOD)
        answerer.join()
    assert len(str(raised.value)) < 200


def answer_without_end(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 100000000\r\n\r\n" + b"a" * 100_000)


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.slack.com/services/T0/B0/x",
        "https://hooks.slack.com.evil.example/services/T0/B0/x",
        "https://evil.example/hooks.slack.com",
        "https://evilhooks.slack.com/services/T0/B0/x",
        "https://hooks.slack.com@evil.example/services",
        "https://me@hooks.slack.com/services",
        "https://hooks.slack.com:8443/services",
        "https://logic.azure.com/workflows",
        "https://169.254.169.254/latest/meta-data",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1.evil.example/services",
        "http://localhost:1/services",
        "https://127.0.0.1/services",
        "ftp://hooks.slack.com/services",
        "https://hooks.slack.com/a b",
        "https://hooks.slack.com/\r\nHost: x",
        "https://hooks.slack.com:port/x",
        "https://[hooks.slack.com/x",
        "https://höoks.slack.com/x",
        "",
    ],
)
def test_nothing_is_sent_anywhere_else(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "_connection", lambda *_: pytest.fail("somebody was called"))
    with pytest.raises(BadAddress) as raised:
        WEB.post(address, GOOD)
    assert not address or address not in str(raised.value)


def test_this_machine_is_called_only_where_a_value_says_so(chat: Chat) -> None:
    with pytest.raises(BadAddress):
        Web(HOSTS, 0.5).post(chat.slack("ops"), GOOD)
    assert not chat.attempts


@pytest.mark.parametrize(
    "address",
    [
        "https://hooks.slack.com/services/T0/B0/x",
        "https://prod-23.westeurope.logic.azure.com:443/workflows/1/triggers/manual/paths/invoke?sig=x",
        "https://default1.4a.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/1",
    ],
)
def test_slack_and_both_homes_of_workflows_are_called_over_tls(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[str | None, str]] = []

    def connect(target: Any, _seconds: float) -> Any:
        called.append((target.hostname, target.scheme))
        raise ConnectionError

    monkeypatch.setattr(posting, "_connection", connect)
    with pytest.raises(ConnectionError):
        WEB.post(address, GOOD)
    assert called[0][1] == "https"


def test_a_server_with_a_certificate_that_nobody_knows_is_told_nothing() -> None:
    context = posting._tls()  # noqa: SLF001  # no call may be without these
    assert context.check_hostname
    assert context.verify_mode.name == "CERT_REQUIRED"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7), (" 7 ", 7), ("0", 1), ("", 30), ("soon", 30), ("-3", 30), ("9" * 40, 39_600), ("1.5", 30), ("²", 30)],
)
def test_retry_after_is_understood_within_bounds(text: str, seconds: int) -> None:
    assert wait(text) == seconds


@pytest.mark.parametrize(("ahead", "bounds"), [(90, (60, 90)), (-90, (1, 1)), (90_000, (39_600, 39_600))])
def test_retry_after_may_be_a_moment(ahead: int, bounds: tuple[int, int]) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=ahead)
    assert bounds[0] <= wait(format_datetime(moment, usegmt=True)) <= bounds[1]
