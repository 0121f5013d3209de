"""RotateLinkKey: the steps of Secrets Manager's rotation, and the first key before there is anything to rotate."""

from typing import Any

from approval_workflow.adapters import link_keys
from shared.handlers import lambda_handler


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"SecretId", "ClientRequestToken", "Step"}`, or only `{"SecretId"}` for the first key; answer nothing."""
    secret = event["SecretId"]
    match event.get("Step"):
        case None:
            link_keys.make_first(secret)
        case "createSecret":
            link_keys.make_next(secret, event["ClientRequestToken"])
        case "setSecret":
            pass  # nobody besides our functions has to learn the key
        case "testSecret":
            link_keys.check_next(secret, event["ClientRequestToken"])
        case "finishSecret":
            link_keys.promote(secret, event["ClientRequestToken"])
        case step:
            raise ValueError(f"Secrets Manager knows no step {step!r} of a rotation")
    return {}
