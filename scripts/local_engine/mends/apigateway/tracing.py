"""X-Ray: a call's trace goes on in the function it invokes."""

import re
import secrets
from typing import Any

from ministack.services import apigateway_v1 as engine
from ministack.services import lambda_svc

from scripts.local_engine.mends.apigateway.call import Call, current
from scripts.local_engine.patching import wrap

_ROOT = re.compile(r"Root=(1-[0-9a-f]{8}-[0-9a-f]{24})")


def header(call: Call) -> str:
    """Return the trace header of what a call invokes: the caller's trace or a new one, sampled if the stage traces.

    AWS: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-enabling-xray.html,
    https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader (every call is
    sampled here; AWS takes one a second and 5 % of the rest).
    """
    given = _ROOT.search(call.headers.get("x-amzn-trace-id", ""))
    root = given[1] if given else f"1-{int(call.started):08x}-{secrets.token_hex(12)}"
    sampled = f";Parent={secrets.token_hex(8)};Sampled=1" if call.settings().get("tracingEnabled") else ""
    return f"Root={root}{sampled}"


async def execute_in_scope(original: Any, request: Any, *rest: Any) -> Any:
    """Begin or go on with the trace before anything else.

    Engine: API Gateway took no part in tracing.
    """
    if call := current.get():
        call.trace = header(call)
    return await original(request, *rest)


def trace_header(original: Any, config: dict[str, Any], inbound_trace_header: str | None = None) -> str | None:
    """Hand the trace of a stage that traces to the function; without it the function decides by itself.

    AWS: https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html - "if an upstream service has sampled the
    request". Engine: every invocation began a trace.
    """
    call = current.get()
    sampled = call.trace if call and call.trace.endswith("Sampled=1") else None
    header: str | None = original(config, inbound_trace_header or sampled)
    return header


def apply() -> None:
    """Mend tracing."""
    wrap(engine, "_execute_in_scope")(execute_in_scope)
    wrap(lambda_svc, "_xray_trace_id_for_invocation")(trace_header)
