"""The search for secrets finds them in documents, in texts and in JSON within JSON, and tells no value."""

import json
import subprocess
import time
import zipfile
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.support.functions import ENVIRONMENT
from tests.support.secrets import Search, kept, log_pages, members, sources

RANDOM = b64encode(sha256(b"a secret for tests").digest()).decode()
ADDRESS = "https://hooks.slack" + ".com/services/T01ABCDEF/B01ABCDEF/" + "aB3dE6gH" * 3


@pytest.mark.parametrize(
    "document",
    [
        {"resources": [{"values": {"secret_string": RANDOM}}]},
        {"environment": {"API_TOKEN": RANDOM}},
        {"input": json.dumps({"password": RANDOM})},
        {"input": json.dumps({"payload": json.dumps({"password": RANDOM})})},
        {"url": ADDRESS},
        {"token": "known-value"},
        {"anything": "at known-value's place"},
    ],
)
def test_a_secret_in_a_document_is_found(document: Any) -> None:
    found = Search(["known-value", "short"]).document("the state", document)
    assert found
    assert all(each.startswith("the state: ") for each in found)
    assert not any(value in each for each in found for value in (RANDOM, ADDRESS, "known-value"))


@pytest.mark.parametrize(
    "document",
    [
        {"secret": "workflows-local/approval-workflow-link-key"},
        {"LINK_KEY_SECRET": "arn:aws:secretsmanager:us-east-1:000000000000:secret:workflows-local/link-key-a1b2c3"},
        {"source_code_hash": RANDOM},
        {"text": "short"},
        {"ClientToken": RANDOM, "NextToken": RANDOM, "clientRequestToken": RANDOM},
        {"IdempotencyToken": RANDOM, "comment_token": RANDOM},
    ],
)
def test_what_is_none_is_not(document: Any) -> None:
    assert not Search(["known-value", "short"]).document("the state", document)


def test_a_text_is_looked_through_line_by_line() -> None:
    assert Search().text("a log", f"fine\n{ADDRESS}\nfine") == {"a log: slack-webhook"}
    assert not Search().text("a log", "fine\nfine")


def test_secrets_in_files_and_zips_are_found(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("ignored.py")
    for name in ("committed.py", "new.py", "ignored.py"):
        (tmp_path / name).write_text(f'url = "{ADDRESS}"')
    subprocess.run(["git", "add", "committed.py"], cwd=tmp_path, check=True)
    with zipfile.ZipFile(tmp_path / "built.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("package/address.py", f'url = "{ADDRESS}"')
    found = {each for file in (*sources(tmp_path), *members(tmp_path / "built.zip")) for each in Search().text(*file)}
    assert found == {f"{name}: slack-webhook" for name in ("committed.py", "new.py", "built.zip/package/address.py")}


def test_the_values_of_an_account_s_secrets_and_its_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        secrets, logs = boto3.client("secretsmanager"), boto3.client("logs")
        secrets.create_secret(Name="none")
        secrets.create_secret(Name="plain", SecretString="first")
        secrets.put_secret_value(SecretId="plain", SecretString="second")
        secrets.create_secret(Name="channels", SecretString=json.dumps({"ops": ADDRESS, "on": True}))
        assert {"first", "second", ADDRESS} < set(kept(secrets))
        logs.create_log_group(logGroupName="group")
        logs.create_log_stream(logGroupName="group", logStreamName="stream")
        logs.put_log_events(
            logGroupName="group",
            logStreamName="stream",
            logEvents=[{"timestamp": int(time.time() * 1000), "message": text} for text in ("one", "two")],
        )
        assert list(log_pages(logs)) == [("group", "one\ntwo")]
