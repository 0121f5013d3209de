"""IAM authorization of methods: decided where the API is, and refused in API Gateway's words."""

import json
from typing import Any

from ministack import app
from ministack.core.responses import get_account_id, request_scope
from ministack.services import apigateway_v1 as engine

from scripts.local_engine.mends.apigateway.call import Call, current
from scripts.local_engine.patching import wrap

FORBIDDEN = 403


def enforce(
    original: Any,
    api_id: str,
    stage: str,
    method: str,
    execute_path: str,
    headers: dict[str, str],
    query_params: Any,
    iam_action: str = "execute-api:Invoke",
) -> Any:
    """Ask for the caller's execute-api:Invoke where a method says AWS_IAM, and nowhere else.

    AWS: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html;
    a caller of another account needs the API's resource policy too; an unknown route answers "Missing Authentication
    Token" to everybody; a denial is {"Message": "User: … is not authorized to perform: execute-api:Invoke on …"}, with
    all but the last digits of the owner's account hidden.
    Engine: the ARN had the caller's account; signed calls of unknown routes were denied; the denial was DynamoDB's.
    """
    call = current.get()
    if call is None:
        return original(api_id, stage, method, execute_path, headers, query_params, iam_action)
    call.stage, call.path = stage, execute_path
    if engine.method_authorization_type(api_id, stage, method, execute_path) != "AWS_IAM":
        return None
    caller = get_account_id()
    with request_scope(call.account, call.region):
        denied = original(api_id, stage, method, execute_path, headers, query_params, iam_action)
    call.identity |= {**(engine._iam_caller_identity(headers, query_params) or {})}
    if not denied and caller != call.account and headers.get("authorization"):
        return _refused(call, f"User: {call.identity['userArn']} is not authorized to access this resource")
    told = json.loads(denied[2]) if denied and denied[0] == FORBIDDEN else {}
    return _refused(call, told["message"]) if told.get("__type") == "AccessDeniedException" else denied


def _refused(call: Call, message: str) -> Any:
    hidden = f"arn:aws:execute-api:{call.region}:********{call.account[-4:]}:"
    message = message.replace(f"arn:aws:execute-api:{call.region}:{call.account}:", hidden)
    request = {
        "api_id": call.api_id,
        "stage_name": call.stage,
        "stage": call.settings(),
        "headers": call.headers,
        "query_params": {},
        "path_params": {},
        "resource_path": (call.resource or {}).get("path", ""),
    }
    with request_scope(call.account, call.region):
        return engine._gateway_error_response(engine._gw_error("ACCESS_DENIED", message), request)


def apply() -> None:
    """Mend the authorization of calls."""
    wrap(app, "_enforce_execute_api")(enforce)
