"""Deployments: snapshots of an API, which its stages serve."""

import copy
from typing import Any

from ministack.services import apigateway_v1 as engine

from scripts.local_engine.mends.apigateway.call import current
from scripts.local_engine.patching import wrap

_SNAPSHOT = (engine._resources, engine._models, engine._request_validators)


def served(api_id: str) -> str:
    """Return the key under which the engine keeps what the called stage serves of an API."""
    call = current.get()
    stage = engine._stages_v1.get(api_id, {}).get(call.stage) if call else None
    key = _key(api_id, (stage or {}).get("deploymentId", ""))
    return key if key in engine._resources else api_id


def _key(api_id: str, deployment_id: str) -> str:
    return f"{api_id}@{deployment_id}"


def create_deployment(original: Any, api_id: str, data: dict[str, Any]) -> Any:
    """Keep the API as it is now for the stages that this deployment is given to.

    AWS: "A deployment is a point-in-time snapshot of your API"
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-deploy-api.html).
    Engine: stages served the API as it was at the moment of a call, so that a forgotten deployment went unnoticed.
    """
    before = set(engine._deployments_v1.get(api_id, {}))
    answer = original(api_id, data)
    for deployment_id in set(engine._deployments_v1.get(api_id, {})) - before:
        for store in _SNAPSHOT:
            store[_key(api_id, deployment_id)] = copy.deepcopy(store.get(api_id, {}))
    return answer


def delete_deployment(original: Any, api_id: str, deployment_id: str) -> Any:
    """Refuse to delete a deployment that a stage serves.

    AWS: https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteDeployment.html - "if there are no stages
    associated with it". Engine: deleted it.
    """
    stages = engine._stages_v1.get(api_id, {}).values()
    if any(stage["deploymentId"] == deployment_id for stage in stages):
        sentence = "Active stages pointing to this deployment must be moved or deleted"
        return engine._v1_error("BadRequestException", sentence, 400)
    for store in _SNAPSHOT:
        store.pop(_key(api_id, deployment_id), None)
    return original(api_id, deployment_id)


def delete_rest_api(original: Any, api_id: str) -> Any:
    """Forget the snapshots of an API together with it."""
    for deployment_id in engine._deployments_v1.get(api_id, {}):
        for store in _SNAPSHOT:
            store.pop(_key(api_id, deployment_id), None)
    return original(api_id)


def match_resource_tree(original: Any, api_id: str, segments: list[str]) -> Any:
    """Find a request's resource in the snapshot."""
    return _noted(original(served(api_id), segments))


def match_greedy_fallback(original: Any, api_id: str, segments: list[str], http_method: str) -> Any:
    """Find a request's catch-all resource in the snapshot."""
    return _noted(original(served(api_id), segments, http_method))


def _noted(found: tuple[dict[str, Any] | None, Any]) -> Any:
    if (call := current.get()) and found[0]:
        call.resource = found[0]
    return found


def model_schema(original: Any, api_id: str, model_name: str) -> Any:
    """Find a model in the snapshot."""
    return original(served(api_id), model_name)


def apply() -> None:
    """Mend deployments, and what reads an API for a call."""
    wrap(engine, "_create_deployment")(create_deployment)
    wrap(engine, "_delete_deployment")(delete_deployment)
    wrap(engine, "_delete_rest_api")(delete_rest_api)
    wrap(engine, "_match_resource_tree")(match_resource_tree)
    wrap(engine, "_match_greedy_fallback")(match_greedy_fallback)
    wrap(engine, "_model_schema")(model_schema)
