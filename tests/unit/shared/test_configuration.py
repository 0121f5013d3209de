"""Parameters are read through one cache: at most so old, and with a sentence for what cannot be read."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from shared import configuration
from shared.clients import client
from shared.configuration import BadConfiguration, NoParameter, json_object, read
from shared.typed import parsed
from tests.support import functions

NAME = "/workflows/sample/settings"


@dataclass(frozen=True)
class Sample:
    seconds: int


sample = partial(parsed, Sample)


class Clock:
    """A time that stands still."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """The function's clock, which keeps parameters for a minute."""
    for name, value in functions.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CONFIGURATION_SECONDS")
    configuration.settings.cache_clear()  # type: ignore[attr-defined]  # `once` is a cache
    configuration.forget()
    found = Clock()
    monkeypatch.setattr(configuration, "clock", found)
    client.cache_clear()
    with mock_aws():
        yield found
    client.cache_clear()
    configuration.settings.cache_clear()  # type: ignore[attr-defined]
    configuration.forget()


def put(value: str, kind: str = "String", name: str = NAME) -> None:
    client("ssm").put_parameter(Name=name, Value=value, Type=kind, Overwrite=True)


@pytest.mark.parametrize("kind", ["String", "SecureString"])
def test_a_change_takes_effect_within_a_minute_and_not_at_once(clock: Clock, kind: str) -> None:
    put('{"seconds": 1}', kind)
    assert read(NAME, sample) == Sample(1)
    put('{"seconds": 2}', kind)
    clock.now += 59.9
    assert read(NAME, sample) == Sample(1)
    clock.now += 0.1
    assert read(NAME, sample) == Sample(2)


def test_an_environment_says_how_long(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFIGURATION_SECONDS", "5")
    put('{"seconds": 1}')
    read(NAME, sample)
    put('{"seconds": 2}')
    clock.now += 5
    assert read(NAME, sample) == Sample(2)


@pytest.mark.usefixtures("clock")
def test_what_stops_a_run_is_read_anew() -> None:
    put('{"seconds": 1}')
    assert read(NAME, sample) == Sample(1)
    put('{"seconds": 2}')
    assert read(NAME, sample, max_age=0) == Sample(2)
    assert read(NAME, sample) == Sample(2), "and kept for the others"


def test_what_is_kept_is_not_asked_for(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    put('{"seconds": 1}')
    first = read(NAME, sample)
    monkeypatch.setattr(configuration, "client", None)
    assert read(NAME, sample) is first
    clock.now += 60
    with pytest.raises(TypeError):
        read(NAME, sample)


@pytest.mark.usefixtures("clock")
def test_each_form_and_each_parameter_is_kept_for_itself() -> None:
    put('{"seconds": 1}')
    put('{"seconds": 2}', name=f"{NAME}/2")
    assert read(NAME, sample) == Sample(1)
    assert read(NAME, json_object) == {"seconds": 1}
    assert read(f"{NAME}/2", sample) == Sample(2)


@pytest.mark.usefixtures("clock")
def test_no_more_is_kept_than_memory_has_room_for() -> None:
    for number in range(150):
        put(f'{{"seconds": {number}}}', name=f"{NAME}/{number}")
        assert read(f"{NAME}/{number}", sample) == Sample(number)
    assert len(configuration._kept) <= 100  # noqa: SLF001  # what nobody sees from outside


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("text", "form", "sentence"),
    [
        ("{", sample, "it is not JSON"),
        ("{", json_object, "it is not JSON"),
        ("7", json_object, "it is no JSON object"),
        ('{"seconds": "soon"}', sample, 'seconds: "soon" is no whole number'),
    ],
)
def test_what_cannot_be_read_is_told_with_the_parameter_s_name(text: str, form: Any, sentence: str) -> None:
    put(text)
    with pytest.raises(BadConfiguration, match=f"^{NAME}: {sentence}"):
        read(NAME, form)
    put('{"seconds": 1}')
    assert read(NAME, form), "a mistake is not kept"


@pytest.mark.usefixtures("clock")
def test_a_form_s_own_error_passes() -> None:
    def refusing(_text: str) -> None:
        raise KeyError("own")

    put("{}")
    with pytest.raises(KeyError, match="own"):
        read(NAME, refusing)


@pytest.mark.usefixtures("clock")
def test_a_parameter_that_is_not_there() -> None:
    with pytest.raises(NoParameter, match=NAME):
        read(NAME, str)
    put("text")
    assert read(NAME, str) == "text"


@pytest.mark.usefixtures("clock")
def test_what_aws_refuses_passes_as_it_is() -> None:
    with Stubber(client("ssm")) as refusing:
        refusing.add_client_error("get_parameter", "ThrottlingException")
        with pytest.raises(ClientError, match="ThrottlingException"):
            read(NAME, str)
