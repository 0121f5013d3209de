"""Lambda: a zip that lies in S3 is fetched with the right of whoever hands it over."""

from typing import Any

from ministack.core import iam_evaluator

from scripts.local_engine import request
from scripts.local_engine.patching import Function, wrap

# The action that takes a zip, and where in its request the zip's place is.
TAKING = {
    "lambda:CreateFunction": "Code",
    "lambda:UpdateFunctionCode": "",
    "lambda:PublishLayerVersion": "Content",
}


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
    """Require s3:GetObject on a zip in S3, and so kms:Decrypt on its key.

    AWS: https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCode.html, and AccessDeniedException "Your access has
    been denied by S3" for those who may not read it. Engine: read the object for anybody.
    """
    outcome = original(access_key_id, iam_action, service, region, resource_arn, service_context)
    if outcome or iam_action not in TAKING:
        return outcome
    fields = request.current.get().fields()
    place = fields.get(TAKING[iam_action], {}) if TAKING[iam_action] else fields
    if not place.get("S3Bucket"):
        return outcome
    zipped = f"arn:aws:s3:::{place['S3Bucket']}/{place.get('S3Key', '')}"
    return iam_evaluator.enforce(access_key_id, "s3:GetObject", "s3", region, zipped)
