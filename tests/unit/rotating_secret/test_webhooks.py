"""Addresses of webhooks: made by an issuer, proven by a delivery that says nothing, and told nobody."""

import json
import socket
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest

from rotating_secret.adapters import issuer
from rotating_secret.adapters.deliveries import deliver_nothing
from rotating_secret.domain.errors import IssuerFailed, NotProven
from rotating_secret.domain.webhooks import NOTHING, Answer, Webhooks
from rotating_secret.handlers import measure_age, rotate_webhooks
from shared.clients import client
from shared.rotation.errors import NoFirstValue, Unusable
from tests.support import functions
from tests.support.functions import Context
from tests.unit.rotating_secret.webhook import Server, serving
from tests.unit.shared.rotation.aws import STEPS, TOKEN, list_next, new_secret, value

ISSUER = "arn:aws:lambda:us-east-1:000000000000:function:issuer:live"
HOSTS = "hooks.slack.com"
OWN = {"ISSUER_ARN": ISSUER, "ALLOWED_HOSTS": HOSTS, "ALLOW_LOOPBACK": "true"}


class Issuer:
    """The function that issues addresses on a server, the same for the same token."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.asked: list[dict[str, str]] = []
        self.answer: Any = None
        self.fails = False

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803  # boto3's names
        assert FunctionName == ISSUER
        request = json.loads(Payload)
        self.asked.append(request)
        path = f"/{request['channel']}/{request['token']}"
        self.server.answers.setdefault(path, (400, "no_text"))
        answer = self.answer or {"url": self.server.url + path}
        failure = {"FunctionError": "Unhandled"} if self.fails else {}
        return {"Payload": BytesIO(json.dumps(answer).encode()), **failure}


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as found:
        yield found


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, setting in (functions.ENVIRONMENT | OWN).items():
        monkeypatch.setenv(name, setting)
    rotate_webhooks.settings.cache_clear()  # type: ignore[attr-defined]  # `once` is a cache
    with new_secret("webhooks") as arn:
        yield arn


@pytest.fixture
def issuing(server: Server, monkeypatch: pytest.MonkeyPatch) -> Issuer:
    found = Issuer(server)
    monkeypatch.setattr(issuer, "client", {"lambda": found}.__getitem__)
    return found


def put(secret: str, channels: object) -> str:
    text = channels if isinstance(channels, str) else json.dumps(channels)
    client("secretsmanager").put_secret_value(SecretId=secret, SecretString=text)
    return text


def call(secret: str, *steps: str) -> None:
    for step in steps:
        rotate_webhooks.handler({"SecretId": secret, "ClientRequestToken": TOKEN, "Step": step}, Context())


def test_each_channel_gets_a_new_address_that_is_proven_without_a_word(secret: str, issuing: Issuer) -> None:
    before = put(secret, {"ops": f"{issuing.server.url}/old", "builds": f"{issuing.server.url}/old"})
    list_next(secret)
    call(secret, *STEPS)
    made = {name: f"{issuing.server.url}/{name}/{TOKEN}" for name in ("builds", "ops")}
    assert json.loads(value(secret)) == made
    assert value(secret, "AWSPREVIOUS") == before
    assert {path for path, _ in issuing.server.posted} == {f"/{name}/{TOKEN}" for name in made}
    assert all(body == NOTHING for _, body in issuing.server.posted)


def test_an_issuer_is_asked_again_with_the_same_token(secret: str, issuing: Issuer) -> None:
    put(secret, {"ops": f"{issuing.server.url}/old"})
    in_force = client("secretsmanager").get_secret_value(SecretId=secret)["VersionId"]
    list_next(secret)
    issuing.fails = True
    with pytest.raises(IssuerFailed, match="channel ops"):
        call(secret, "createSecret")
    issuing.fails = False
    call(secret, *STEPS)
    [asked, again] = issuing.asked
    assert asked == again == {"channel": "ops", "in_force": in_force, "token": TOKEN}


@pytest.mark.parametrize("answer", [{"address": "x"}, ["x"], "x", {"url": 7}])
def test_an_issuer_that_answers_something_else(secret: str, issuing: Issuer, answer: Any) -> None:
    put(secret, {"ops": f"{issuing.server.url}/old"})
    list_next(secret)
    issuing.answer = answer
    with pytest.raises(IssuerFailed, match="without a url"):
        call(secret, "createSecret")


def test_without_a_first_value_nobody_knows_the_channels(secret: str, issuing: Issuer) -> None:
    call(secret, "begin")
    list_next(secret)
    with pytest.raises(NoFirstValue):
        call(secret, "createSecret")
    assert not issuing.asked


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_address_that_is_none_gives_way_to_the_next_rotation(secret: str, issuing: Issuer, status: int) -> None:
    before = put(secret, {"ops": f"{issuing.server.url}/old"})
    list_next(secret)
    issuing.server.answers[f"/ops/{TOKEN}"] = (status, "no_service")
    with pytest.raises(Unusable, match=f"channel ops: the address is answered {status}"):
        call(secret, *STEPS)
    found = client("secretsmanager").describe_secret(SecretId=secret)["VersionIdsToStages"].values()
    assert ["AWSPENDING"] not in found
    assert value(secret) == before


@pytest.mark.parametrize("answer", [(429, "rate_limited"), (500, "rollup_error"), (302, ""), (400, "invalid_payload")])
def test_what_may_pass_is_tried_again(secret: str, issuing: Issuer, answer: tuple[int, str]) -> None:
    put(secret, {"ops": f"{issuing.server.url}/old"})
    list_next(secret)
    issuing.server.answers[f"/ops/{TOKEN}"] = answer
    with pytest.raises(NotProven, match=f"answered {answer[0]}"):
        call(secret, *STEPS)
    issuing.server.answers[f"/ops/{TOKEN}"] = (202, "")
    call(secret, *STEPS)
    assert TOKEN in value(secret)
    assert len(issuing.asked) == 1


def test_an_address_that_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(NotProven, match="ConnectionRefusedError"):
        deliver_nothing(f"http://127.0.0.1:{port}/secret")
    with pytest.raises(NotProven, match="InvalidURL"):
        deliver_nothing("http://127.0.0.1/a b")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"ops": 7}',
        '{"ops": "hooks.slack.com/services/x"}',
        '{"ops": "http://hooks.slack.com/services/x"}',
        '{"ops": "https://"}',
        '{"ops": "https://[::1"}',
        '{"ops": "https://ada:pw@hooks.slack.com/services/x"}',
        '{"ops": "https://hooks.slack.com/services/x\\n"}',
        '{"ops": "ftp://127.0.0.1/x"}',
    ],
)
def test_what_is_no_value(text: str) -> None:
    with pytest.raises(Unusable):
        proving().prove(text)


@pytest.mark.parametrize("url", ["https://hooks.slack.com/services/T0/B0/x", "http://127.0.0.1:80/x"])
def test_what_is_one(url: str) -> None:
    tried: list[str] = []
    proving(tried).prove(json.dumps({"ops": url}))
    assert tried == [url]


def test_nothing_is_tried_out_where_nobody_would_post() -> None:
    tried: list[str] = []
    good = "https://hooks.slack.com/services/T0/B0/x"
    with pytest.raises(Unusable, match=r"channel ops: the channel's address is on a host that is not allowed"):
        proving(tried).prove(json.dumps({"builds": good, "ops": "https://evil.example/services/T0/B0/x"}))
    assert not tried


def proving(tried: list[str] | None = None) -> Webhooks:
    """Return what proves addresses without any server; `tried` gets those to which it posted."""
    seen = [] if tried is None else tried

    def deliver(address: str) -> Answer:
        seen.append(address)
        return Answer(202, "")

    return Webhooks(lambda channel, _, token: f"https://{HOSTS}/{channel}/{token}", deliver, (HOSTS,), loopback=True)


def test_no_address_is_told(secret: str, issuing: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    hidden = f"{issuing.server.url}/hidden"
    put(secret, {"ops": hidden})
    list_next(secret)
    for answer in ((404, hidden), (500, hidden)):
        issuing.server.answers[f"/ops/{TOKEN}"] = answer
        with pytest.raises((NotProven, Unusable)):
            call(secret, *STEPS)
        list_next(secret)
    call(secret, "createSecret")
    told = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert "channel ops" in told
    assert issuing.server.url not in told


def test_an_issuer_without_effects_needs_no_telling() -> None:
    webhooks = proving()
    webhooks.establish(webhooks.issue('{"ops": "https://hooks.slack.com/ops"}', "first", TOKEN))


def test_the_age_of_a_secret_without_an_issuer_is_measured(secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    put(secret, {"ops": "https://example.com/ops"})
    assert measure_age.handler({"SecretId": secret, "Step": "measureAge"}, Context()) == {}
    metric = json.loads(capsys.readouterr().out)
    assert (metric["secret"], metric["SecretAgeDays"][0] < 1) == ("webhooks", True)
