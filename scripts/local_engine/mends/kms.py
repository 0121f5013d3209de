"""KMS: whoever uses what is encrypted with a customer-managed key needs that key's permission as well."""

from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import error_response_json, get_region
from ministack.services import cloudwatch_logs

from scripts.local_engine import encryption, request
from scripts.local_engine.authorization import key_allows
from scripts.local_engine.patching import Function, wrap
from scripts.local_engine.service_authorization import resources


def apply() -> None:
    """Apply the mends of this file."""
    wrap(iam_evaluator, "enforce")(_enforce)
    wrap(cloudwatch_logs, "_create_log_group")(_create_log_group)


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
        use for arn in resources(iam_action, resource_arn, asked) for use in encryption.uses(iam_action, arn, asked)
    ]
    outcomes = (
        original(access_key_id, action, "kms", region, use.key_arn, use.context)
        for use in uses
        for action in use.actions
    )
    return next((denied for denied in outcomes if denied), None)


def _create_log_group(original: Function, data: dict[str, Any]) -> Any:
    """Refuse a key whose policy does not let CloudWatch Logs encrypt this group with it.

    AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    Engine: accepted any text as a key.
    """
    key, group = data.get("kmsKeyId"), cloudwatch_logs._make_group_arn(data.get("logGroupName", ""))
    arn = group.removesuffix(":*")
    context = {"kms:EncryptionContext:aws:logs:arn": arn}
    service = f"logs.{get_region()}.amazonaws.com"
    if key and not all(key_allows(key, service, action, context) for action in ("kms:Encrypt", "kms:Decrypt")):
        sentence = f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'"
        return error_response_json("InvalidParameterException", sentence, 400)
    return original(data)
