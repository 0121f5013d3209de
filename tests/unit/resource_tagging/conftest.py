"""What the tagging workflow's unit tests share."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from resource_tagging.handlers import measure_coverage, tag_resources
from tests.support import functions
from tests.unit.resource_tagging.account import Account

_EVENTS = Path(__file__).parents[2] / "events"


@pytest.fixture
def golden() -> Callable[[str], Any]:
    """Read a recorded event; its call happened just now."""

    def read(name: str) -> Any:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        [file] = _EVENTS.glob(f"*_{name}.json")
        return json.loads(file.read_text().replace("2026-11-23T08:00:00Z", now))

    return read


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """Moto's AWS, which remembers nothing of the test before."""
    own = {"OWNER_TAG": "owner", "DRY_RUN": "false", "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}
    for name, value in {**functions.ENVIRONMENT, **own}.items():
        monkeypatch.setenv(name, value)
    for module in (measure_coverage, tag_resources):
        module.settings.cache_clear()  # type: ignore[attr-defined]  # `once` is a cache
    monkeypatch.setattr(tag_resources.time, "sleep", lambda _seconds: None)
    with mock_aws():
        yield Account(monkeypatch)
