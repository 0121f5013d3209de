"""IAM authorization of methods: decided where the API is, and refused in API Gateway's words."""

import json
from typing import Any

from ministack import app
from ministack.core.arn import execute_api_arn
from ministack.core.responses import request_scope
from ministack.services import apigateway_v1 as engine

from scripts.local_engine.mends.apigateway.call import Call, current
from scripts.local_engine.patching import wrap


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
    a caller of another account needs the API's resource policy too (nobody has it here); an unknown route answers
    "Missing Authentication Token" to everybody; a denial is {"Message": "User: … is not authorized to perform:
    execute-api:Invoke on resource: …"}, with all but the last digits of the owner's account hidden.
    Engine: the ARN had the caller's account; signed calls of unknown routes were denied; the denial was DynamoDB's.
    """
    call = current.get()
    if call is None:
        return original(api_id, stage, method, execute_path, headers, query_params, iam_action)
    call.stage, call.path = stage, execute_path
    if engine.method_authorization_type(api_id, stage, method, execute_path) != "AWS_IAM":
        return None
    caller = engine._iam_caller_identity(headers, query_params) or {}
    with request_scope(call.account, call.region):
        if caller.get("accountId", call.account) != call.account:
            return _refused(call, _from_outside(call, caller["userArn"]))
        denied = original(api_id, stage, method, execute_path, headers, query_params, iam_action)
        refused = denied and denied[1].get("x-amzn-errortype") == "AccessDeniedException"
        if refused or not denied:  # otherwise nobody knows who this is
            call.identity |= caller
        return _refused(call, json.loads(denied[2])["message"]) if refused else denied


def _from_outside(call: Call, user: str) -> str:
    arn = execute_api_arn(call.region, call.account, call.api_id, call.stage, call.method, call.path)
    reason = "because no resource-based policy allows the execute-api:Invoke action"
    return f"User: {user} is not authorized to perform: execute-api:Invoke on resource: {arn} {reason}"


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
    return engine._gateway_error_response(engine._gw_error("ACCESS_DENIED", message), request)


def apply() -> None:
    """Mend the authorization of calls."""
    wrap(app, "_enforce_execute_api")(enforce)
