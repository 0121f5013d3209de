"""Lambda: an alias with weights shares its invocations among two versions, whichever service invokes it.

Applied after `lambda_invoke`, and so around it: what is counted there is the version that was chosen here.
"""

import contextvars
import json
import random
from http import HTTPStatus
from typing import Any

from ministack.services import lambda_svc

from scripts.local_engine.mends.lambda_invoke import base_function, qualifier_of
from scripts.local_engine.patching import Function, wrap

_HEADER = "X-Amz-Executed-Version"
_SAME = ("Role", "DeadLetterConfig")

# Where the invocation in hand leaves the version that served it.
_executed: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("executed_version", default=None)


def apply() -> None:
    """Apply the mends of this file."""
    wrap(lambda_svc, "_execute_function")(_routed)
    wrap(lambda_svc, "_invoke")(_invoke)
    wrap(lambda_svc, "_create_alias")(_create)
    wrap(lambda_svc, "_update_alias")(_update)


def _routed(original: Function, func: dict[str, Any], event: Any) -> dict[str, Any]:
    """Run the version that chance picks by the alias's weights.

    AWS: https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html ("a simple probabilistic model").
    Engine: always the alias's own version.
    """
    config = func.get("config") or func
    if lambda_svc._function_config_scope_mismatch(config):
        return dict(original(func, event))  # it comes back here in the function's own account and region
    chosen = _chosen(config)
    if (told := _executed.get()) is not None:
        told[:] = [(chosen or func).get("config", config).get("Version", "$LATEST")]
    return dict(original(chosen or func, event))


def _chosen(config: dict[str, Any]) -> dict[str, Any] | None:
    """Return the additional version that is to serve an invocation, None when it is the one it was meant for."""
    function = base_function(config)
    alias = (function.get("aliases") or {}).get(qualifier_of(config)) or {}
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    for version, weight in weights.items():
        record = function["versions"].get(version)
        if record and random.random() < weight:  # noqa: S311 - shares out calls, which is no secret
            return {**record, "config": {**record["config"], "FunctionArn": config["FunctionArn"]}}
    return None


async def _invoke(
    original: Function, name: str, event: Any, headers: dict[str, str], *rest: Any, **options: Any
) -> Any:
    """Answer with the version that ran. AWS: API_Invoke (ExecutedVersion). Engine: always the alias's own."""
    told: list[str] = []
    token = _executed.set(told)
    try:
        status, answered, body = await original(name, event, headers, *rest, **options)
    finally:
        _executed.reset(token)
    if told and _HEADER in answered:
        answered = {**answered, _HEADER: told[0]}
    return status, answered, body


def _create(original: Function, func_name: str, data: dict[str, Any]) -> Any:
    """Refuse weights that Lambda does not take.

    AWS: https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html - two published versions at most,
    of the same role and dead-letter queue. Engine: took anything.
    """
    return _refusal(func_name, data, data.get("FunctionVersion")) or original(func_name, data)


def _update(original: Function, func_name: str, alias_name: str, data: dict[str, Any]) -> Any:
    """Refuse weights that Lambda does not take, as of a new alias."""
    alias = (lambda_svc._functions.get(func_name) or {"aliases": {}})["aliases"].get(alias_name) or {}
    version = data.get("FunctionVersion") or alias.get("FunctionVersion")
    routing = data.get("RoutingConfig", alias.get("RoutingConfig"))
    return _refusal(func_name, {"RoutingConfig": routing}, version) or original(func_name, alias_name, data)


def _refusal(name: str, data: dict[str, Any], version: str | None) -> Any:
    weights = (data.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    if not weights:
        return None
    versions = (lambda_svc._functions.get(name) or {"versions": {}})["versions"]
    involved = [version, *weights]
    unknown = [each for each in involved if each not in (*versions, "$LATEST")]
    if unknown:
        sentence = f"Function not found: {lambda_svc._func_arn(name)}:{unknown[0]}"
        return lambda_svc.error_response_json("ResourceNotFoundException", sentence, HTTPStatus.NOT_FOUND)
    settings = [
        [json.dumps(versions[each]["config"].get(key)) for key in _SAME] for each in involved if each in versions
    ]
    faults = {
        "$LATEST is not supported for an alias pointing to more than 1 version": "$LATEST" in involved,
        "An alias points to two different versions at most": len(weights) > 1 or version in weights,
        "A weight is a number from 0 to 1": not all(0 <= weight <= 1 for weight in weights.values()),
        "Both versions need the same execution role and dead-letter queue": settings[1:] != settings[:-1],
    }
    found = [sentence for sentence, is_so in faults.items() if is_so]
    return lambda_svc._invalid_parameter_value(found[0]) if found else None
