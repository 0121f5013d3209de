"""Integrations: what was put is kept, and a time limit that AWS does not take is refused."""

from typing import Any

from ministack.services import apigateway_v1 as engine

from scripts.local_engine.patching import wrap

LIMITS = range(50, 29_001)  # milliseconds


def put_integration(original: Any, api_id: str, resource_id: str, http_method: str, data: dict[str, Any]) -> Any:
    """Keep an integration's method as it was given, and a time limit within the bounds.

    AWS: https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html - the method is required for all
    types but MOCK, a custom timeout is "between 50 and 29,000 milliseconds".
    Engine: made the method POST, so that Terraform replaced every mock integration; took any time limit.
    """
    if refusal := _out_of_bounds(data.get("timeoutInMillis", LIMITS.start)):
        return refusal
    response = original(api_id, resource_id, http_method, data)
    if response[0] != 201 or "httpMethod" in data:  # noqa: PLR2004 - HTTP
        return response
    integration = engine._resources[api_id][resource_id]["resourceMethods"][http_method]["methodIntegration"]
    integration.pop("httpMethod", None)
    return engine._v1_response(integration, 201)


def update_integration(original: Any, api_id: str, resource_id: str, http_method: str, data: dict[str, Any]) -> Any:
    """Take a patched time limit for the number that it is; see `put_integration`.

    AWS: a patch's value is text, the integration's `timeoutInMillis` a number
    (https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateIntegration.html).
    Engine: kept the text, which Terraform could not read.
    """
    patches = [dict(patch) for patch in data.get("patchOperations", [])]
    for patch in patches:
        if patch.get("path") == "/timeoutInMillis" and str(patch.get("value")).isdecimal():
            patch["value"] = int(patch["value"])
            if refusal := _out_of_bounds(patch["value"]):
                return refusal
    return original(api_id, resource_id, http_method, data | {"patchOperations": patches})


def _out_of_bounds(milliseconds: int) -> Any:
    if milliseconds in LIMITS:
        return None
    sentence = f"Timeout should be between {LIMITS.start} ms and {LIMITS.stop - 1} ms"
    return engine._v1_error("BadRequestException", sentence, 400)


def apply() -> None:
    """Mend integrations."""
    wrap(engine, "_put_integration")(put_integration)
    wrap(engine, "_update_integration")(update_integration)
