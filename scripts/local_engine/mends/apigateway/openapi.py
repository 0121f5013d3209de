"""OpenAPI documents: their models, validators, parameters and integrations become those of the API."""

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from ministack.services import apigateway_v1 as engine

from scripts.local_engine.patching import wrap

type Document = dict[str, Any]

_LOCAL_REFERENCE = re.compile(r"#/(?:components/schemas|definitions)/(\w+)")
_LOCATIONS = {"path": "path", "query": "querystring", "header": "header"}
_VALIDATOR = "x-amazon-apigateway-request-validator"


class ImportProblem(Exception):
    """Why API Gateway does not import a document."""


def parse(body: bytes) -> Document:
    """Return a JSON or YAML document. Raises ImportProblem when it is neither, or describes nothing."""
    try:
        document = json.loads(body)
    except ValueError:
        try:
            document = engine.yaml.safe_load(body)
        except engine.yaml.YAMLError:
            document = None
    if not isinstance(document, dict):
        raise ImportProblem("Invalid OpenAPI input.")
    return document


def check(document: Document) -> None:
    """Raise ImportProblem for a document whose models or validators AWS refuses."""
    problems = [
        f"Unable to create model for '{name}': Model name must be alphanumeric: {name}"
        for name in _schemas(document)
        if not name.isalnum()
    ]
    known = document.get(f"{_VALIDATOR}s") or {}
    problems += [f"Request validator {name} is not defined" for name in _named_validators(document) - set(known)]
    if problems:
        raise ImportProblem("\n".join(["Your API was not imported due to errors in the Swagger file.", *problems]))


def load(api_id: str, document: Document) -> None:
    """Add to an API what a checked document describes: its models, validators, gateway responses and methods."""
    for name, schema in _schemas(document).items():
        _add_model(api_id, name, schema)
    for name, settings in (document.get(f"{_VALIDATOR}s") or {}).items():
        engine._create_request_validator(api_id, {"name": name, **settings})
    for kind, response in (document.get("x-amazon-apigateway-gateway-responses") or {}).items():
        engine._put_gateway_response(api_id, kind, response)
    schemes = engine._import_security_schemes(api_id, document)
    for path, item in (document.get("paths") or {}).items():
        inherited = {_VALIDATOR: document[_VALIDATOR]} if _VALIDATOR in document else {}
        shared = item.get("parameters") or []
        operations = {
            name: {**inherited, **operation, "parameters": [*shared, *(operation.get("parameters") or [])]}
            for name, operation in item.items()
            if name in engine._OPENAPI_HTTP_METHODS
        }
        engine._import_path_item(api_id, path, operations, schemes)


def import_operation(
    original: Any,
    api_id: str,
    resource_id: str,
    http_method: str,
    operation: Document,
    scheme_map: Any = None,
    default_security: Any = None,  # noqa: ARG001 - API Gateway ignores it, see below
) -> None:
    """Import all of an operation, and its own `security` only.

    AWS: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html,
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html - "API Gateway doesn't
    use root level security defined in the OpenAPI specification".
    Engine: took over authorization, type, method and URI; root-level security protected what AWS leaves open.
    """
    original(api_id, resource_id, http_method, operation, scheme_map, None)
    method = engine._resources[api_id][resource_id]["resourceMethods"][http_method]
    method["operationName"] = operation.get("operationId", "")
    method["requestModels"] = dict(_request_models(api_id, operation))
    method["requestParameters"] = {
        f"method.request.{_LOCATIONS[parameter['in']]}.{parameter['name']}": bool(parameter.get("required"))
        for parameter in operation.get("parameters") or []
        if parameter.get("in") in _LOCATIONS
    }
    validators = {each["name"]: each["id"] for each in engine._request_validators.get(api_id, {}).values()}
    method["requestValidatorId"] = validators.get(operation.get(_VALIDATOR))
    for code in filter(str.isdigit, operation.get("responses") or {}):
        engine._put_method_response(api_id, resource_id, http_method, code, {})
    if integration := operation.get("x-amazon-apigateway-integration"):
        _put_integration(api_id, resource_id, http_method, integration)


def _put_integration(api_id: str, resource_id: str, http_method: str, integration: Document) -> None:
    enumerated = {"type", "passthroughBehavior"}
    data = {key: value.upper() if key in enumerated else value for key, value in integration.items()}
    answer = engine._put_integration(api_id, resource_id, http_method, data)
    if answer[0] >= HTTPStatus.BAD_REQUEST:
        raise ImportProblem(json.loads(answer[2])["message"])


def _schemas(document: Document) -> Document:
    schemas: Document = (document.get("components") or {}).get("schemas") or document.get("definitions") or {}
    return schemas


def _named_validators(document: Document) -> set[str]:
    operations = (each for item in (document.get("paths") or {}).values() for each in item.values())
    holders = [document, *(each for each in operations if isinstance(each, dict))]
    return {holder[_VALIDATOR] for holder in holders if _VALIDATOR in holder}


def _request_models(api_id: str, operation: Document) -> Iterator[tuple[str, str]]:
    """Yield content types and the names of their models; a schema without a name gets one, as in AWS."""
    for content_type, content in ((operation.get("requestBody") or {}).get("content") or {}).items():
        schema = content.get("schema") or {}
        if found := _LOCAL_REFERENCE.fullmatch(schema.get("$ref", "")):
            yield content_type, found[1]
        elif schema:
            name = f"MODEL{sha256(json.dumps(schema).encode()).hexdigest()[:6]}"
            _add_model(api_id, name, schema)
            yield content_type, name


def _add_model(api_id: str, name: str, schema: Document) -> None:
    """Add a model; within its API it refers to others by their addresses."""
    models = f"https://apigateway.amazonaws.com/restapis/{api_id}/models"
    text = _LOCAL_REFERENCE.sub(rf"{models}/\1", json.dumps(schema))
    engine._create_model(api_id, {"name": name, "schema": text})


def apply() -> None:
    """Mend the import of an operation."""
    wrap(engine, "_import_operation")(import_operation)
