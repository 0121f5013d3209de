"""API Gateway (REST): a mock integration has no method of its own."""

from typing import Any

from ministack.services import apigateway_v1 as engine

from scripts.local_engine.patching import wrap


def put_integration(original: Any, api_id: str, resource_id: str, http_method: str, data: dict[str, Any]) -> Any:
    """Keep an integration's method as it was given.

    AWS: https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html - required for all types but MOCK.
    Engine: made it POST, so that Terraform replaced every mock integration.
    """
    response = original(api_id, resource_id, http_method, data)
    if response[0] != 201 or "httpMethod" in data:  # noqa: PLR2004 - HTTP
        return response
    integration = engine._resources[api_id][resource_id]["resourceMethods"][http_method]["methodIntegration"]
    integration.pop("httpMethod", None)
    return engine._v1_response(integration, 201)


def apply() -> None:
    """Mend integrations."""
    wrap(engine, "_put_integration")(put_integration)
