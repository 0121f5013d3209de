"""What people run: the demo's story and the operators' commands, on the applied local environment."""

import io
import json
import os
import subprocess
import sys

import pytest
from rich.console import Console

from scripts import etl
from scripts.demo import etl_pipeline as story
from scripts.deployment import ROOT
from tests.e2e.pipeline import Pipeline


@pytest.fixture(scope="module")
def told(pipeline: Pipeline) -> str:
    """All that the story printed."""
    console = Console(file=io.StringIO(), soft_wrap=True, width=200)
    story.tell(pipeline.deployment, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_demo_shows_what_became_of_the_real_file(told: str) -> None:
    for line in ("rows read            3,322", "rows loaded          3,252", "rows rejected        70"):
        assert line in told
    assert "items in DynamoDB" in told
    for state in ("ParseMetadata", "ProcessChunks", "TransformChunk", "LoadChunk", "Reconcile", "NotifyTeam"):
        assert state in told
    assert "Loaded planes: 3252 of 3322 rows" in told, "the notification that was sent"
    assert "year is required" in told


def test_the_demo_shows_the_broken_file_s_failure(told: str) -> None:
    assert "✗ FAILED WrongColumns" in told
    assert "unknown: age, tail" in told
    assert "Failed to load planes: WrongColumns" in told


def test_operators_list_runs(pipeline: Pipeline, told: str) -> None:
    assert told
    newest, before = etl.runs(pipeline.deployment, "planes", limit=2)
    assert (newest["status"], newest["error"]) == ("FAILED", "WrongColumns")
    assert (before["status"], before["rows_read"], before["rows_rejected"]) == ("SUCCEEDED", "3322", "70")
    assert {run["status"] for run in etl.runs(pipeline.deployment, "planes", status="FAILED")} == {"FAILED"}


def test_operators_read_reports_and_redrive_failed_runs_only(pipeline: Pipeline, told: str) -> None:
    assert told
    failed, succeeded = etl.runs(pipeline.deployment, "planes", limit=2)
    assert json.loads(etl.report(pipeline.deployment, succeeded["run_id"], "run.json"))["rows"]["read"] == 3322
    with pytest.raises(etl.RunError, match="has no report"):
        etl.report(pipeline.deployment, failed["run_id"], "run.json")
    with pytest.raises(etl.RunError, match="only a failed run"):
        etl.redrive(pipeline.deployment, succeeded["run_id"])
    with pytest.raises(etl.RunError, match="there is no run"):
        etl.redrive(pipeline.deployment, "nothing")
    again = etl.redrive(pipeline.deployment, failed["run_id"])
    ended = pipeline.wait(again)
    assert ended["error"] == "WrongColumns", "the file is still broken"


def test_the_smoke_tests_of_this_repository_pass_on_what_is_live(pipeline: Pipeline) -> None:
    deployment = pipeline.deployment
    assert deployment.endpoint_url
    assert deployment.account_id
    environment = os.environ | {
        "AWS_ENDPOINT_URL": deployment.endpoint_url,
        "AWS_ACCESS_KEY_ID": deployment.account_id,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": deployment.region,
        "TARGET_PREFIX": f"{deployment.outputs['foundation']['name']}-",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/smoke"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
