"""Who asks: the principal behind the request in hand."""

from ministack.core.responses import get_account_id

from scripts.local_engine import request
from scripts.local_engine.authorization import role_name
from scripts.local_engine.mends.cloudtrail import identity
from scripts.local_engine.mends.stepfunctions import scope


def arn() -> str:
    """Return the ARN of the principal: a state machine's role session, or whoever signed; else the account's root."""
    if role := scope.role():
        return f"arn:aws:sts::{get_account_id()}:assumed-role/{role_name(role)}/states"
    headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in request.current.get().headers}
    found = identity.of_caller(headers, {})
    return str(found["arn"]) if found else f"arn:aws:iam::{get_account_id()}:root"
