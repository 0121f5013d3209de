"""The account's settings: the role that logs are written with."""

from typing import Any

from ministack.services import apigateway_v1 as engine

from scripts.local_engine.authorization import service_may_assume
from scripts.local_engine.patching import wrap

SERVICE = "apigateway.amazonaws.com"
PATH = "/cloudwatchRoleArn"


def logging_role() -> str:
    """Return the ARN of the role that this account and region write logs with, "" when there is none."""
    settings: dict[str, Any] = engine._account_settings.get("settings") or {}
    return settings.get("cloudwatchRoleArn") or ""


def update_account(original: Any, data: dict[str, Any]) -> Any:
    """Refuse a role that API Gateway may not assume.

    AWS: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html#set-up-access-logging-permissions
    Engine: took any text.
    """
    roles = [op.get("value") for op in data.get("patchOperations", []) if op.get("path") == PATH]
    if any(role and not service_may_assume(role, SERVICE) for role in roles):
        sentence = (
            "The role ARN does not have required permissions configured. Please grant trust permission for API "
            "Gateway and add the required role policy."
        )
        return engine._v1_error("BadRequestException", sentence, 400)
    return original(data)


def apply() -> None:
    """Mend the account."""
    wrap(engine, "_update_account")(update_account)
