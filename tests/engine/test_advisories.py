"""Advisories: what was put there is what OSV's clients hear of, and nothing else."""

import json
import subprocess
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from scripts.deployment import ROOT
from scripts.local_engine import Engine
from scripts.local_engine.mends.advisories import LONGEST, MOST, PATH
from scripts.signed_http import send
from tests.engine.hooks import hook

JINJA = {"ecosystem": "PyPI", "name": "jinja2"}
ADVISORY = {
    "id": "PYSEC-2014-8",
    "summary": "Templates can write into other users' files.",
    "affected": [
        {
            "package": JINJA,
            "versions": ["2.4", "2.4.1"],
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.7.2"}]}],
        }
    ],
}


@pytest.fixture(autouse=True)
def nothing_known(engine: Engine) -> Iterator[None]:
    send("DELETE", engine.url + PATH)
    yield
    send("DELETE", engine.url + PATH)


def known(engine: Engine) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(send("GET", engine.url + PATH).text)
    return found


def test_a_version_is_vulnerable_when_an_advisory_lists_it(engine: Engine) -> None:
    query = {"package": JINJA, "version": "2.4.1"}
    assert hook(engine, "osv/v1/query", **query) == {}
    hook(engine, "osv/advisories", **ADVISORY)
    assert hook(engine, "osv/v1/query", **query) == {"vulns": [ADVISORY]}
    assert hook(engine, "osv/v1/query", **query | {"version": "2.7.2"}) == {}
    assert hook(engine, "osv/v1/query", **query | {"package": {**JINJA, "ecosystem": "npm"}}) == {}
    send("DELETE", engine.url + PATH)
    assert hook(engine, "osv/v1/query", **query) == {}


def test_an_advisory_takes_the_place_of_an_earlier_one(engine: Engine) -> None:
    hook(engine, "osv/advisories", **ADVISORY)
    hook(engine, "osv/advisories", **ADVISORY, withdrawn="2026-01-02T03:04:05Z")
    assert [each["withdrawn"] for each in known(engine)] == ["2026-01-02T03:04:05Z"]


@pytest.mark.parametrize(
    ("advisory", "sentence"),
    [
        ([], "has an id"),
        ({"affected": ADVISORY["affected"]}, "has an id"),
        ({"id": "1"}, "which packages"),
        ({"id": "1", "affected": [{"package": {"name": "jinja2"}}]}, "of which ecosystem"),
        ({**ADVISORY, "details": "x" * LONGEST}, f"at most {LONGEST} bytes"),
    ],
)
def test_what_is_no_advisory_is_refused(engine: Engine, advisory: Any, sentence: str) -> None:
    refused = send("POST", engine.url + PATH, json.dumps(advisory))
    assert refused.status == HTTPStatus.BAD_REQUEST
    assert sentence in refused.text
    assert known(engine) == []


def test_there_is_an_end_to_what_is_remembered(engine: Engine) -> None:
    for number in range(MOST):
        hook(engine, "osv/advisories", **ADVISORY | {"id": str(number)})
    assert send("POST", engine.url + PATH, json.dumps(ADVISORY)).status == HTTPStatus.BAD_REQUEST
    hook(engine, "osv/advisories", **ADVISORY | {"id": "0", "summary": "another"})
    assert len(known(engine)) == MOST


def test_pip_audit_hears_of_it(engine: Engine, tmp_path: Path) -> None:
    hook(engine, "osv/advisories", **ADVISORY)
    digest = f"--hash=sha256:{'0' * 64}"
    (tmp_path / "requirements.txt").write_text(f"jinja2==2.4.1 {digest}\nmarkupsafe==3.0.2 {digest}\n")
    audit = [ROOT / ".venv-lint" / "bin" / "pip-audit", "--require-hashes", "--disable-pip", "--progress-spinner=off"]
    service = ["--vulnerability-service=osv", f"--osv-url={engine.url}/_local/osv/v1/query"]
    command = [*audit, *service, "--format=json", "--requirement=requirements.txt"]
    audited = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert audited.returncode == 1, audited.stderr
    jinja, markupsafe = json.loads(audited.stdout)["dependencies"]
    assert (markupsafe["name"], markupsafe["vulns"]) == ("markupsafe", [])
    assert [(each["id"], each["fix_versions"]) for each in jinja["vulns"]] == [(ADVISORY["id"], ["2.7.2"])]
