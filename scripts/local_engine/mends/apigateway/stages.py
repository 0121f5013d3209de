"""Stages: who wants logs needs a role to write them with."""

from typing import Any

from ministack.services import apigateway_v1 as engine

from scripts.local_engine.mends.apigateway import account
from scripts.local_engine.patching import wrap


def update_stage(original: Any, api_id: str, stage_name: str, data: dict[str, Any]) -> Any:
    """Refuse logs as long as the account has no role to write them with.

    AWS: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html#set-up-access-logging-permissions
    Engine: took the settings.
    """
    if _logs(data.get("patchOperations", [])) and not account.logging_role():
        sentence = "CloudWatch Logs role ARN must be set in account settings to enable logging"
        return engine._v1_error("BadRequestException", sentence, 400)
    return original(api_id, stage_name, data)


def _logs(operations: list[dict[str, Any]]) -> bool:
    paths = {op["path"]: op.get("value") for op in operations if op.get("op") != "remove"}
    return any(
        value not in (None, "", "OFF") and path.endswith(("/accessLogSettings/destinationArn", "/logging/loglevel"))
        for path, value in paths.items()
    )


def apply() -> None:
    """Mend stages."""
    wrap(engine, "_update_stage")(update_stage)
