"""Machines under a customer's key: what their role and the log delivery must be allowed before anything is encrypted.

AWS: https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html. Engine: kept the configuration and
asked nobody. What the callers of the API need, `encryption` says.
"""

import json
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import kms
from ministack.services import stepfunctions as engine

from scripts.local_engine.authorization import key_allows, role_allows
from scripts.local_engine.encryption import DATA_KEY, DECRYPT

type Response = tuple[int, dict[str, str], bytes]

_DELIVERY = "delivery.logs.amazonaws.com"
_METADATA_ONLY = "METADATA_ONLY"


def name_of(kept: dict[str, Any]) -> str:
    """Return how a machine's, or an execution's, configuration names the customer's key; "" for AWS's own."""
    return str((kept.get("encryptionConfiguration") or {}).get("kmsKeyId") or "")


def unusable(kept: dict[str, Any]) -> Response | None:
    """Return the refusal of a machine, or an execution, whose key is disabled or gone; None when it can be used."""
    name = name_of(kept)
    key = kms._resolve_key(name)
    state = key["KeyState"] if key else "UNAVAILABLE"
    if not name or state == "Enabled":
        return None
    answer = {"__type": "KmsInvalidStateException", "kmsKeyState": state.upper(), "message": f"{name} is {state}"}
    return 400, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(answer).encode()


def refusal(machine: dict[str, Any], *, sync: bool) -> Response | None:
    """Return why no execution can begin, None when one can: the role itself uses the key, not through a service.

    AWS documents that the role is asked, and that StartExecution knows KmsAccessDeniedException; that one is the
    other's consequence is taken from "can prevent a new execution from starting".
    """
    name = name_of(machine)
    if not name or (refused := unusable(machine)):
        return refused if name else None
    context = {"kms:EncryptionContext:aws:states:stateMachineArn": machine["stateMachineArn"]}
    for action in (DECRYPT,) if sync else (DECRYPT, DATA_KEY):
        if not (found := _role_may(machine, action, context)):
            answer: Response = engine.error_response_json("KmsAccessDeniedException", found.reason, 400)
            return answer
    return None


def can_log(machine: dict[str, Any]) -> bool:
    """Say whether what a machine logs reaches its group: the role encrypts it, the log delivery decrypts it.

    AWS documents who needs what, but not what happens without: here nothing is logged.
    """
    if not (name := name_of(machine)) or (machine.get("loggingConfiguration") or {}).get("level", "OFF") == "OFF":
        return True
    context = {"kms:EncryptionContext:SourceArn": f"arn:aws:logs:{get_region()}:{get_account_id()}:*"}
    encrypts = _role_may(machine, DATA_KEY, context)
    return bool(encrypts and key_allows(kms._resolve_key(name)["Arn"], _DELIVERY, DECRYPT, context))


def shown(asked: dict[str, Any], answer: dict[str, Any], *encrypted: str) -> dict[str, Any]:
    """Return an answer without its encrypted members when only metadata is asked for."""
    if asked.get("includedData") != _METADATA_ONLY:
        return answer
    return {name: value for name, value in answer.items() if name not in encrypted}


def _role_may(machine: dict[str, Any], action: str, context: dict[str, str]) -> Any:
    key = kms._resolve_key(name_of(machine))
    return role_allows(
        machine["roleArn"], action, key["Arn"], context | {"kms:CallerAccount": get_account_id()}, "states"
    )
