"""Secrets Manager: rotation can be cancelled."""

import json
from typing import Any

from ministack.services import secretsmanager as engine

from scripts.local_engine.patching import wrap


async def handle(original: Any, method: str, path: str, headers: dict[str, str], body: bytes, query_params: Any) -> Any:
    """Serve CancelRotateSecret.

    AWS: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CancelRotateSecret.html
    Engine: did not know the action, so that terraform destroy failed for every rotated secret.
    """
    if not headers.get("x-amz-target", "").endswith(".CancelRotateSecret"):
        return await original(method, path, headers, body, query_params)
    _, secret = engine._resolve(json.loads(body).get("SecretId"))
    if secret is None:
        missing = "Secrets Manager can't find the specified secret."
        return engine.error_response_json("ResourceNotFoundException", missing, 400)
    secret["RotationEnabled"] = False
    return engine.json_response({"ARN": secret["ARN"], "Name": secret["Name"]})


def apply() -> None:
    """Mend the service's API."""
    wrap(engine, "handle_request")(handle)
