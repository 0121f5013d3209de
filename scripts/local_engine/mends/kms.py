"""KMS: whoever uses what is encrypted with a customer-managed key needs that key's permission as well."""

from typing import Any

from ministack.core import iam_evaluator

from scripts.local_engine import encryption, request
from scripts.local_engine.mends.iam import resources
from scripts.local_engine.patching import Function, wrap


def apply() -> None:
    """Apply the mends of this file."""
    wrap(iam_evaluator, "enforce")(_enforce)


def _enforce(
    original: Function,
    access_key_id: str,
    iam_action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: dict[str, Any] | None = None,
) -> Any:
    """Require the key's permission for encrypted objects, tables, queues, topics, parameters and secrets.

    AWS: see `encryption`, where each service's page is named. Engine: only direct calls to KMS were decided.
    """
    outcome = original(access_key_id, iam_action, service, region, resource_arn, service_context)
    if outcome:
        return outcome
    asked = request.current.get()
    uses = [
        use for arn in resources(iam_action, resource_arn, region) for use in encryption.uses(iam_action, arn, asked)
    ]
    outcomes = (
        original(access_key_id, action, "kms", region, use.key_arn, use.context)
        for use in uses
        for action in use.actions
    )
    return next((denied for denied in outcomes if denied), None)
