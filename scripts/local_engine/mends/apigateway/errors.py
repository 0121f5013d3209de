"""Gateway responses: what API Gateway itself answers, and what the access log knows of it."""

from typing import Any

from ministack.services import apigateway_v1 as engine

from scripts.local_engine.mends.apigateway.call import current
from scripts.local_engine.patching import wrap


class BackendError(Exception):
    """Why an integration gave no answer that could be passed on: AWS's own words, and the gateway's response to it."""

    def __init__(
        self, reason: str, response_type: str, message: str = "Internal server error", status: int | None = None
    ) -> None:
        super().__init__(reason)
        self.response = engine._gw_error(response_type, message)
        self.response.status = status  # of this kind of error, where the response type has no status of its own


def gateway_error_response(original: Any, error: Any, request: dict[str, Any]) -> Any:
    """Answer under the call's own id, and with the status that a general response type has in this case.

    AWS: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html -
    DEFAULT_5XX has no status of its own.
    Engine: another id than the access log's; always 500.
    """
    call = current.get()
    if call is None:
        return original(error, request)
    call.error_type, call.error_message = error.response_type, error.message or ""
    status, headers, body = original(error, {**request, "request_id": call.request_id})
    return getattr(error, "status", None) or status, headers, body


def apply() -> None:
    """Mend gateway responses."""
    wrap(engine, "_gateway_error_response")(gateway_error_response)
