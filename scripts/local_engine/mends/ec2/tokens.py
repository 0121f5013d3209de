"""Client tokens: a request that is sent again makes nothing new.

AWS: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
"""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import AccountRegionScopedDict

from scripts.local_engine.mends.ec2.wire import Refusal

# By operation and token: what was asked for, and the id of what it made.
_made: Any = AccountRegionScopedDict()
_NOT_COMPARED = ("ClientToken", "DryRun")


def once(operation: str, asked: dict[str, Any], make: Callable[[], str]) -> str:
    """Return the id of what a request makes, or made before with the same token.

    Raises Refusal for a token that other parameters came with before.
    """
    token = asked.get("ClientToken")
    compared = {name: value for name, value in asked.items() if name not in _NOT_COMPARED}
    parameters, made = _made.get(f"{operation} {token}") or (compared, "")
    if parameters != compared:
        sentence = "The client token you have provided is associated with a resource that has different parameters"
        raise Refusal("IdempotentParameterMismatch", f"{sentence}.")
    made = made or make()
    if token:
        _made[f"{operation} {token}"] = (compared, made)
    return str(made)
