"""The engine's HTTP server."""

import http.client

from scripts.local_engine import Engine


def test_a_connection_stays_open_for_as_many_requests_as_a_client_likes(engine: Engine) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", engine.port)
    connection.connect()
    mine = connection.sock
    for _ in range(1100):
        connection.request("GET", "/_ministack/health")
        connection.getresponse().read()
    assert connection.sock is mine
    connection.close()
