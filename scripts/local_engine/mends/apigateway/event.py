"""The event a function gets: who called, under which id, as API Gateway tells it."""

from datetime import UTC, datetime
from typing import Any

from ministack.services import apigateway_v1 as engine

from scripts.local_engine.mends.apigateway.call import current
from scripts.local_engine.patching import wrap


def build_lambda_event(original: Any, api_id: str, *rest: Any, **options: Any) -> dict[str, Any]:
    """Tell the function the call's own id, time, trace and caller.

    AWS: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format;
    identity.sourceIp is "the source IP address of the immediate TCP connection".
    Engine: an id of its own, no trace, the address that the client named in X-Forwarded-For, no member of identity that
    does not apply, and the version that HTTP APIs have.
    """
    event: dict[str, Any] = original(api_id, *rest, **options)
    if call := current.get():
        event.pop("version", None)
        way = [event["headers"].get("x-forwarded-for"), call.identity["sourceIp"]]
        added = {"x-amzn-trace-id": call.trace, "x-forwarded-for": ", ".join(filter(None, way))}
        event["headers"] |= added
        event["multiValueHeaders"] |= {name: [value] for name, value in added.items()}
        event["requestContext"] |= {
            "requestId": call.request_id,
            "extendedRequestId": call.request_id,
            "requestTime": f"{datetime.fromtimestamp(call.started, UTC):%d/%b/%Y:%H:%M:%S} +0000",
            "requestTimeEpoch": int(call.started * 1000),
            "identity": call.identity,
            "domainName": call.headers.get("host"),
        }
    return event


def apply() -> None:
    """Mend the event."""
    wrap(engine, "_build_lambda_event_v1")(build_lambda_event)
