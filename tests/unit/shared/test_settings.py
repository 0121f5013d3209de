"""A function's settings come from its environment, typed, or not at all."""

from dataclasses import dataclass

import pytest

from shared.settings import BadSetting, MissingSetting, load, once


@dataclass(frozen=True)
class Settings:
    runs_table: str
    chunk_bytes: int
    strict: bool


def test_the_fields_are_filled_from_variables_named_in_capitals() -> None:
    env = {"RUNS_TABLE": "runs", "CHUNK_BYTES": "64", "STRICT": "False", "OTHER": "x"}
    assert load(Settings, env) == Settings("runs", 64, strict=False)


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(MissingSetting, match=r"^missing environment variables: RUNS_TABLE, STRICT$"):
        load(Settings, {"RUNS_TABLE": "", "CHUNK_BYTES": "64"})


@pytest.mark.parametrize(("name", "text"), [("CHUNK_BYTES", "many"), ("STRICT", "maybe")])
def test_a_value_of_the_wrong_type_is_named(name: str, text: str) -> None:
    env = {"RUNS_TABLE": "runs", "CHUNK_BYTES": "64", "STRICT": "true"} | {name: text}
    with pytest.raises(BadSetting, match=f"{name}: '{text}'"):
        load(Settings, env)


def test_a_field_with_a_default_may_be_left_out() -> None:
    @dataclass(frozen=True)
    class Kept:
        table: str
        seconds: int = 60

    assert load(Kept, {"TABLE": "t"}) == Kept("t", 60)
    assert load(Kept, {"TABLE": "t", "SECONDS": "5"}) == Kept("t", 5)
    with pytest.raises(MissingSetting, match=r"TABLE$"):
        load(Kept, {})


def test_the_environment_is_read_at_the_first_call_and_never_again(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = once(Settings)
    for name, value in {"RUNS_TABLE": "runs", "CHUNK_BYTES": "64", "STRICT": "true"}.items():
        monkeypatch.setenv(name, value)
    first = settings()
    monkeypatch.setenv("RUNS_TABLE", "others")
    assert settings() is first
