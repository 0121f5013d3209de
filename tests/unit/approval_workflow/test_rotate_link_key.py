"""The key that signs links: random, proven with a link, replaced by Secrets Manager's four steps."""

from collections.abc import Iterator

import pytest

from approval_workflow.adapters import links
from approval_workflow.domain.errors import ForgedLink
from approval_workflow.domain.link_keys import LinkKeys
from approval_workflow.domain.links import Link, parts
from approval_workflow.handlers.rotate_link_key import handler
from shared.clients import client
from shared.rotation.errors import Unusable
from tests.support import functions
from tests.support.functions import Context
from tests.unit.shared.rotation.aws import STEPS, TOKEN, list_next, new_secret, value

LINK = Link.to("req-1", "bert", 1000)


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, setting in functions.ENVIRONMENT.items():
        monkeypatch.setenv(name, setting)
    with new_secret("link-key") as arn:
        yield arn


def call(secret: str, *steps: str) -> None:
    for step in steps:
        handler({"SecretId": secret, "ClientRequestToken": TOKEN, "Step": step}, Context())


def test_a_key_has_32_random_bytes(secret: str) -> None:
    call(secret, "begin")
    list_next(secret)
    call(secret, *STEPS)
    keys = [value(secret), value(secret, "AWSPREVIOUS")]
    assert len(set(keys)) == 2
    assert all(len(key) >= 43 for key in keys)


def test_a_link_is_signed_with_the_new_key_and_opened_with_the_one_before(secret: str) -> None:
    call(secret, "begin")
    _, before = parts(LINK.signed(links.signing_key(secret)))
    list_next(secret)
    call(secret, *STEPS)
    _, after = parts(LINK.signed(links.signing_key(secret)))
    assert after != before
    for signature in (before, after):
        LINK.check(signature, links._keys(secret))  # noqa: SLF001  # as `opened` does, without its table


@pytest.mark.parametrize("key", ["", "short", "x" * 42])
def test_a_key_that_somebody_could_guess_is_not_taken(secret: str, key: str) -> None:
    call(secret, "begin")
    before = value(secret)
    client("secretsmanager").put_secret_value(
        SecretId=secret, ClientRequestToken=TOKEN, SecretString=key or " ", VersionStages=["AWSPENDING"]
    )
    with pytest.raises(Unusable, match="fewer than 43"):
        call(secret, *STEPS)
    assert value(secret) == before


def test_a_key_is_not_given_up_for_a_mistake_of_the_code(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    call(secret, "begin")
    list_next(secret)
    with monkeypatch.context() as mistaken:
        mistaken.setattr(Link, "signed", lambda self, _key: f"{self.link_id}.of-another-form")
        with pytest.raises(ForgedLink):
            call(secret, *STEPS)
    call(secret, *STEPS)
    assert value(secret, "AWSPREVIOUS")


def test_a_good_key_proves_itself() -> None:
    keys = LinkKeys()
    keys.prove(keys.issue("before", "first", TOKEN))
