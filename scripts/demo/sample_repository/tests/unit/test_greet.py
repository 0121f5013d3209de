"""The greeter's function, without AWS."""

from collections.abc import Iterator

import pytest

from greeter.domain.greeting import VERSION, greeting
from greeter.handlers import greet


class Context:
    """As much of Lambda's context as the logger looks at."""

    function_name = "greeter"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:greeter:live"
    aws_request_id = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(autouse=True)
def sentence(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """How the function greets."""
    monkeypatch.setenv("GREETING", "Hello, {name}!")
    greet.sentence.cache_clear()
    yield
    greet.sentence.cache_clear()


def test_people_are_greeted_by_their_names() -> None:
    assert greet.handler({"name": "Ada"}, Context()) == {"greeting": "Hello, Ada!", "version": VERSION}


def test_blanks_around_a_name_are_not_said() -> None:
    assert greeting("Good morning, {name}.", " Grace Hopper ") == "Good morning, Grace Hopper."
