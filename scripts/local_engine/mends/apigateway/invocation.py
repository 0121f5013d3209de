"""Lambda integrations: whether the API may invoke, how long it waits, and what it makes of the answer."""

import asyncio
import time
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any

from ministack.core.arn import execute_api_arn
from ministack.services import apigateway_v1 as engine

from scripts.local_engine.delivery import Sender
from scripts.local_engine.mends.apigateway.answers import MalformedAnswer, well_formed
from scripts.local_engine.mends.apigateway.call import Call, current
from scripts.local_engine.mends.apigateway.errors import BackendError
from scripts.local_engine.patching import wrap

SERVICE = "apigateway.amazonaws.com"

_unawaited: set[asyncio.Task[Any]] = set()  # functions that go on after the gateway has given up


async def invoke(original: Any, integration: dict[str, Any], *rest: Any, **options: Any) -> Any:
    """Answer for the integration what API Gateway answers when it fails.

    AWS: "If the Lambda API rejects the invocation request, API Gateway returns a 500 error code. If the function runs
    but returns an error, or returns a response in the wrong format, API Gateway returns a 502. In both cases, the body
    of the response from API Gateway is {"message": "Internal server error"}"
    (https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway-errors.html); 504 "Endpoint request timed out"
    after the integration's time limit
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html).
    Engine: passed a function's error on with its stack trace, a throttled function's as 429; took any answer; waited
    for ever.
    """
    call = current.get()
    if call is None:
        return await original(integration, *rest, **options)
    call.integration, started = integration, time.monotonic()
    try:
        return await original(integration, *rest, **options)
    except BackendError as error:
        call.integration_error = str(error)
        return error.response
    finally:
        call.integration_latency = round((time.monotonic() - started) * 1000)


async def call_lambda(original: Any, function_ref: str, event: Any, **scope: Any) -> Any:
    """Invoke a function that lets this method of this stage do so, no longer than the integration's time limit.

    AWS: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html,
    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html - the function's own policy must
    let apigateway.amazonaws.com, for the method's ARN; the qualifier in the integration's URI counts.
    Engine: invoked without any permission.
    """
    call = current.get()
    if call is None:
        return await original(function_ref, event, **scope)
    if not Sender(SERVICE, _source_arn(call), call.integration.get("credentials")).may_reach(function_ref):
        reason = "Execution failed due to configuration error: Invalid permissions on Lambda function"
        raise BackendError(reason, "API_CONFIGURATION_ERROR")
    result, problem = await _in_time(call, original(function_ref, event, **scope))
    call.integration_status = HTTPStatus.OK if result else HTTPStatus.NOT_FOUND
    if result and result.get("throttle"):
        call.integration_status = HTTPStatus.TOO_MANY_REQUESTS
        raise BackendError("Lambda execution failed with status 429: Rate Exceeded.", "DEFAULT_5XX")
    return result, problem


def _source_arn(call: Call) -> str:
    """Return the ARN of the method that is called: with its resource's path, not the one of the request."""
    path = (call.resource or {}).get("path", "")
    return str(execute_api_arn(call.region, call.account, call.api_id, call.stage, call.method, path))


async def _in_time(call: Call, work: Coroutine[Any, Any, Any]) -> Any:
    task = asyncio.ensure_future(work)
    await asyncio.wait({task}, timeout=int(call.integration["timeoutInMillis"]) / 1000)
    if task.done():
        return task.result()
    _unawaited.add(task)
    task.add_done_callback(_unawaited.discard)
    reason = "Execution failed due to a timeout error"
    raise BackendError(reason, "INTEGRATION_TIMEOUT", "Endpoint request timed out")


def proxy_response(_original: Any, result: dict[str, Any]) -> Any:
    """Take an answer of API Gateway's form, and nothing else; see `answers`."""
    payload = result.get("body")
    if result.get("error"):
        message = payload.get("errorMessage") if isinstance(payload, dict) else payload
        reason = f"Lambda execution failed with status 200 due to customer function error: {message}"
        raise BackendError(reason, "DEFAULT_5XX", status=HTTPStatus.BAD_GATEWAY)
    try:
        return well_formed(payload), None
    except MalformedAnswer:
        reason = "Execution failed due to configuration error: Malformed Lambda proxy response"
        raise BackendError(reason, "DEFAULT_5XX", status=HTTPStatus.BAD_GATEWAY) from None


def apply() -> None:
    """Mend the invocation of functions."""
    wrap(engine, "_invoke_lambda_proxy_v1")(invoke)
    wrap(engine, "_invoke_lambda_custom_v1")(invoke)
    wrap(engine, "_call_lambda_raw")(call_lambda)
    wrap(engine, "_lambda_proxy_response")(proxy_response)
