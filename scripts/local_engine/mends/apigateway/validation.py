"""Request validation and throttling: by the request's own content type, and with no limit where -1 says so."""

from typing import Any

from ministack.services import apigateway_v1 as engine

from scripts.local_engine.mends.apigateway.deployments import served
from scripts.local_engine.patching import wrap


def check_request_validation(
    original: Any,
    method_obj: dict[str, Any],
    api_id: str,
    request: Any,
    headers: dict[str, str],
    body: bytes,
    query_params: Any,
) -> Any:
    """Validate a body by the model of its content type, or of `$default`.

    AWS: "If no matching content type is found, request validation is not performed"
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html).
    Engine: the JSON model was applied to every other type.
    """
    content_type = engine._header_ci(headers, "content-type") or "application/json"
    models = method_obj.get("requestModels") or {}
    model = models.get(content_type.split(";", 1)[0].strip()) or models.get("$default")
    method = {**method_obj, "requestModels": {"application/json": model} if model else {}}
    plain = {**headers, "content-type": "application/json"}
    return original(method, served(api_id), request, plain, body, query_params)


def take_token(original: Any, slot: Any, limits: dict[str, float | None]) -> bool:
    """Let every request pass where a limit is negative.

    AWS: -1 is "throttling disabled", and what Terraform sends for a limit that is not set
    (https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/api_gateway_method_settings).
    Engine: no request passed.
    """
    given = {name: None if limit is not None and limit < 0 else limit for name, limit in limits.items()}
    return bool(original(slot, given))


def apply() -> None:
    """Mend the gateway's own checks."""
    wrap(engine, "_check_request_validation")(check_request_validation)
    wrap(engine, "_take_token")(take_token)
