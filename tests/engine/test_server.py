"""The engine's HTTP server."""

import http.client
import socket

from scripts.local_engine import Engine

REQUEST = b"GET /_ministack/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def test_a_connection_stays_open_for_as_many_requests_as_a_client_likes(engine: Engine) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", engine.port)
    connection.connect()
    mine = connection.sock
    for _ in range(1100):
        connection.request("GET", "/_ministack/health")
        connection.getresponse().read()
    assert connection.sock is mine
    connection.close()


def test_a_short_answer_arrives_in_one_piece(engine: Engine) -> None:
    with _connect(engine) as connection:
        for _ in range(50):
            connection.sendall(REQUEST)
            head, _, body = connection.recv(1 << 16).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            assert body.startswith(b"{")
            assert body.endswith(b"}"), "the head came without its body"


def test_a_connection_that_its_client_closed_is_let_go(engine: Engine) -> None:
    for reads_first in (True, False):
        with _connect(engine) as connection:
            connection.sendall(REQUEST)
            if reads_first:
                connection.recv(1 << 16)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1 << 16):  # raises TimeoutError where the engine keeps its end open
                pass


def _connect(engine: Engine) -> socket.socket:
    return socket.create_connection(("127.0.0.1", engine.port), timeout=10)
