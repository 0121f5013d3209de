"""What the ETL workflow's unit tests share."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from etl_pipeline.adapters import chunk_files
from etl_pipeline.handlers import load_chunk, parse_metadata, reconcile, record_failure
from tests.unit.etl_pipeline.pipeline import ENVIRONMENT, Pipeline

_EVENT = Path(__file__).parents[2] / "events" / "s3_object_created.json"
_CACHES = (
    *(module.settings for module in (load_chunk, parse_metadata, reconcile, record_failure)),
    chunk_files.job_of,
)


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipeline]:
    """A fresh workflow in moto's AWS, with nothing remembered from the test before."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for cached in _CACHES:
        cached.cache_clear()
    with mock_aws():
        workflow = Pipeline(json.loads(_EVENT.read_text()))
        workflow.create()
        yield workflow
