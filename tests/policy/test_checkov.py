"""Runs checkov over the sources, and over plans in which nothing is unknown; every skip must say why."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.deployment import ROOT
from tests.support.applied import Applied
from tests.support.documents import ADMINISTRATORS

type Check = dict[str, Any]


def checkov(directory: Path, *arguments: str | Path) -> dict[str, list[Check]]:
    """Run checkov in `directory`; return its checks by outcome. It is told to ask nobody on the network."""
    command = [ROOT / ".venv-lint" / "bin" / "checkov", "--skip-download", "--compact", "--output=json", *arguments]
    environment = os.environ | {"CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"}
    result = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    report = json.loads(result.stdout)
    assert "results" in report, result.stdout + result.stderr
    results: dict[str, list[Check]] = report["results"]
    return results


@pytest.fixture(scope="module")
def sources() -> dict[str, list[Check]]:
    """What checkov says of the files, with the settings of .checkov.yaml."""
    return checkov(ROOT)


def listed(checks: list[Check]) -> str:
    lines = (f"{check['check_id']} {check['resource']} {check['file_path']}: {check['check_name']}" for check in checks)
    return "\n".join(sorted(set(lines)))


def unexplained(checks: list[Check]) -> Iterator[Check]:
    for check in checks:
        if len(check["check_result"]["suppress_comment"].split()) < 4:
            yield check


def test_the_sources_pass(sources: dict[str, list[Check]]) -> None:
    assert sources["passed_checks"]
    assert not sources["parsing_errors"]
    assert not sources["failed_checks"], listed(sources["failed_checks"])


def test_every_skip_has_a_reason_and_stands_beside_its_resource(sources: dict[str, list[Check]]) -> None:
    silent = list(unexplained(sources["skipped_checks"]))
    assert not silent, listed(silent)
    assert "skip-check" not in (ROOT / ".checkov.yaml").read_text()


def test_the_applied_environments_pass(applied: dict[str, Applied], tmp_path: Path) -> None:
    # A plan made after the apply has no unknown values, so what is passed on through modules is judged as well, and
    # policies are judged as rendered. The skips come from the sources; those of bootstrap are not found from here.
    for name, environment in applied.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(environment.second_plan))
    files = [argument for name in applied for argument in ("--file", f"{name}.json")]
    results = checkov(tmp_path, *files, "--framework=terraform_plan", "--repo-root-for-plan-enrichment", ROOT)
    failed = [check for check in results["failed_checks"] if not check["resource"].startswith(ADMINISTRATORS)]
    assert results["passed_checks"]
    assert not failed, listed(failed)
