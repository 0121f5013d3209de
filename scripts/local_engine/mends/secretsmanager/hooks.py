"""Test hook: values that are old, which only time makes on AWS.

`POST /_local/secrets {"arn": "arn:aws:secretsmanager:…", "since": "2026-01-01T00:00:00Z"}` - when all versions of a
secret were made. Answers 404 when there is no such secret.
"""

import json
from datetime import datetime
from typing import Any

from ministack import app
from ministack.services import secretsmanager as engine

from scripts.local_engine.patching import Function, wrap

PATH = "/_local/secrets"


async def _change(original: Function, path: str, method: str, body: bytes) -> Any:
    """Change when versions were made. Engine: nothing of the kind."""
    if path != PATH or method != "POST":
        return await original(path, method, body)
    asked = json.loads(body)
    since = int(datetime.fromisoformat(asked["since"]).timestamp())
    found = [secret for _, secret in engine._secrets.all_items() if secret["ARN"] == asked["arn"]]
    for version in (version for secret in found for version in secret["Versions"].values()):
        version["CreatedDate"] = since
    return 200 if found else 404, {"Content-Type": "application/json"}, b"{}"


def apply() -> None:
    """Apply the mends of this file."""
    wrap(app, "_handle_admin_config_request")(_change)
