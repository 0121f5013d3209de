"""The definition of a whole API: PutRestApi and ImportRestApi."""

import json
from http import HTTPStatus
from typing import Any

from ministack.services import apigateway_v1 as engine

from scripts.local_engine.mends.apigateway import openapi
from scripts.local_engine.patching import wrap

_EXTENSIONS = {
    "apiKeySource": "x-amazon-apigateway-api-key-source",
    "binaryMediaTypes": "x-amazon-apigateway-binary-media-types",
    "minimumCompressionSize": "x-amazon-apigateway-minimum-compression-size",
    "policy": "x-amazon-apigateway-policy",
}
_PART_OF_THE_DOCUMENT = (
    engine._models,
    engine._request_validators,
    engine._gateway_responses,
    engine._authorizers_v1,
)


async def handle_request(
    original: Any, method: str, path: str, headers: Any, body: bytes, query_params: dict[str, Any]
) -> Any:
    """Define an API by a document, keeping its id, its deployments and its stages.

    AWS: https://docs.aws.amazon.com/apigateway/latest/api/API_PutRestApi.html,
    https://docs.aws.amazon.com/apigateway/latest/api/API_ImportRestApi.html
    Engine: no PutRestApi, so that Terraform could not apply a `body`; ImportRestApi made an empty API.
    """
    match [part for part in path.strip("/").split("/") if part], method:
        case ["restapis"], "POST" if engine._qp(query_params, "mode") == "import":
            api_id = json.loads(engine._create_rest_api({})[2])["id"]
            answer = _define(api_id, body, overwrite=True)
            if answer[0] >= HTTPStatus.BAD_REQUEST:
                engine._delete_rest_api(api_id)
            return answer
        case ["restapis", api_id], "PUT":
            return _define(api_id, body, overwrite=engine._qp(query_params, "mode") == "overwrite")
    return await original(method, path, headers, body, query_params)


def _define(api_id: str, body: bytes, *, overwrite: bool) -> Any:
    if api_id not in engine._rest_apis:
        return engine._v1_error("NotFoundException", "Invalid API identifier specified", 404)
    try:
        document = openapi.parse(body)
        openapi.check(document)
        if overwrite:
            _clear(api_id)
        _describe(engine._rest_apis[api_id], document, overwrite=overwrite)
        openapi.load(api_id, document)
    except openapi.ImportProblem as problem:
        return engine._v1_error("BadRequestException", str(problem), 400)
    return engine._get_rest_api(api_id)


def _clear(api_id: str) -> None:
    """Forget all that a document describes; the root resource stays, without its methods."""
    for part in _PART_OF_THE_DOCUMENT:
        part[api_id] = {}
    resources = engine._resources[api_id]
    root = next(each for each in resources.values() if each["path"] == "/")
    resources.clear()
    resources[root["id"]] = {**root, "resourceMethods": {}}


def _describe(api: dict[str, Any], document: dict[str, Any], *, overwrite: bool) -> None:
    """Take over what a document says of the API itself; what it leaves out goes back to its default."""
    info = document.get("info") or {}
    given = {key: document[name] for key, name in _EXTENSIONS.items() if name in document}
    given |= {key: str(info[key]) for key in ("description", "version") if info.get(key)}
    defaults = {"apiKeySource": "HEADER", "binaryMediaTypes": [], "description": "", "version": ""}
    if overwrite:
        api.update(dict.fromkeys(_EXTENSIONS), **defaults)
    api.update(given, name=str(info.get("title") or api["name"]))


def apply() -> None:
    """Mend the control plane."""
    wrap(engine, "handle_request")(handle_request)
