"""CloudTrail's records: of every call that changes something in EC2 or STS, in the event history and on EventBridge.

AWS: the event history needs no trail, EventBridge does
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html).
Calls that only read, and those of other services, are not recorded here; nor are errors that a test injects. What a
service does by itself is recorded where its mend says so.
"""

import json
import re
import time
from typing import Any

from ministack import app
from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import cloudtrail as engine
from ministack.services import eventbridge

from scripts.local_engine.mends.cloudtrail import identity
from scripts.local_engine.mends.cloudtrail.call import Outcome, outcome
from scripts.local_engine.mends.stepfunctions import scope
from scripts.local_engine.patching import Function, wrap
from scripts.local_engine.request import Request

_READS = ("Describe", "Get", "List", "Search")
_SERVICES = {"ec2", "sts"}
_SIGNED_FOR = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
# By what an id or ARN begins with: what CloudTrail calls such a resource.
_TYPES = {
    "AKIA": "AWS::IAM::AccessKey",
    "ASIA": "AWS::IAM::AccessKey",
    "ami-": "AWS::EC2::Ami",
    "arn:aws:iam": "AWS::IAM::Role",
    "arn:aws:secretsmanager": "AWS::SecretsManager::Secret",
    "arn:aws:sts": "AWS::STS::AssumedRole",
    "eni-": "AWS::EC2::NetworkInterface",
    "i-": "AWS::EC2::Instance",
    "lt-": "AWS::EC2::LaunchTemplate",
    "sg-": "AWS::EC2::SecurityGroup",
    "snap-": "AWS::EC2::Snapshot",
    "subnet-": "AWS::EC2::Subnet",
    "vol-": "AWS::EC2::Volume",
    "vpc-": "AWS::EC2::VPC",
}
_NAME = re.compile(rf"(?:{'|'.join(prefix for prefix in _TYPES if prefix.endswith('-'))})[0-9a-f]+|A[KS]IA\w+|arn:.+")


def apply() -> None:
    """Apply the mends of this file."""
    wrap(app, "_maybe_record_cloudtrail")(_leave_to_us)
    wrap(app, "_dispatch_service_request")(_record_request)
    wrap(app, "call_service_handler_sync")(_record_integration)


def _leave_to_us(_original: Function, *_rest: Any) -> None:
    """Engine: recorded calls without their answers, as of IAM users who do not exist, under `POST.ec2`."""


async def _record_request(
    original: Function, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any
) -> Any:
    """Record a signed request, with its answer."""
    answer = await original(method, path, headers, body, *rest)
    scope_signed = _SIGNED_FOR.search(headers.get("authorization", ""))
    if scope_signed and scope_signed[1] in _SERVICES:
        _keep(scope_signed[1], identity.of_caller(headers, {}), body, answer, headers.get("user-agent", ""))
    return answer


def _record_integration(
    original: Function,
    handler: Any,
    method: str,
    path: str,
    headers: dict[str, str],
    body: Any,
    *rest: Any,
    **more: Any,
) -> Any:
    """Record what a state machine asks of EC2, with its role."""
    answer = original(handler, method, path, headers, body, *rest, **more)
    if (role := scope.role()) and handler is app.SERVICE_HANDLERS["ec2"]:
        states = "states.amazonaws.com"
        raw = body.encode() if isinstance(body, str) else body
        _keep("ec2", identity.of_service(role, "states", states), raw, answer, states)
    return answer


def _keep(service: str, who: dict[str, Any] | None, body: bytes, answer: Any, agent: str) -> None:
    """Write a record, unless nobody known called or nothing could have changed."""
    params = Request(body=body).fields()
    operation = str(params.get("Action", ""))
    if not who or not operation or operation.startswith(_READS):
        return
    went = outcome(service, operation, params, answer[0], answer[2])
    if service == "sts" and went.response:
        issued = (went.response.get("credentials") or {}).get("accessKeyId", "")
        identity.keep_source(who.get("accessKeyId", ""), issued, params.get("SourceIdentity"))
    record(f"{service}.amazonaws.com", operation, who, went, agent)


def record(source: str, operation: str, who: dict[str, Any], went: Outcome, agent: str) -> None:
    """Add a record of a call to the event history, and tell EventBridge if a trail logs such calls."""
    by_service = "invokedBy" in who
    about = {
        "userIdentity": who,
        "sourceIPAddress": agent if by_service else "127.0.0.1",
        "userAgent": agent,
        **went.error,
        "requestParameters": went.request,
        "responseElements": went.response,
        "requestID": (went.response or {}).get("requestId") or new_uuid(),
        "eventType": "AwsApiCall",
    }
    caller = {"Username": identity.user_name(who), "AccessKeyId": who.get("accessKeyId", "")}
    _write(source, operation, about, caller)


def record_service_event(source: str, event: str, details: dict[str, Any]) -> None:
    """Add a record of what a service did by itself, likewise.

    AWS: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/non-api-aws-service-events.html
    """
    about = {
        "userIdentity": {"accountId": get_account_id(), "invokedBy": source},
        "sourceIPAddress": source,
        "userAgent": source,
        "requestParameters": None,
        "responseElements": None,
        "additionalEventData": details,
        "eventType": "AwsServiceEvent",
    }
    _write(source, event, about, {"Username": "", "AccessKeyId": ""})


_DETAIL_TYPES = {
    "AwsApiCall": "AWS API Call via CloudTrail",
    "AwsServiceEvent": "AWS Service Event via CloudTrail",
}


def _write(source: str, name: str, about: dict[str, Any], caller: dict[str, str]) -> None:
    now, event_id = time.time(), new_uuid()
    detail = {
        "eventVersion": "1.11",
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        "eventSource": source,
        "eventName": name,
        "awsRegion": get_region(),
        "eventID": event_id,
        "readOnly": False,
        "managementEvent": True,
        "recipientAccountId": get_account_id(),
        "eventCategory": "Management",
        **about,
    }
    told = [about["requestParameters"], about["responseElements"], about.get("additionalEventData")]
    touched = dict.fromkeys(_names(told))
    engine._get_event_queue().append(
        {
            "EventId": event_id,
            "EventName": name,
            "EventSource": source,
            "EventTime": now,
            "ReadOnly": "false",
            "Resources": [{"ResourceName": each, "ResourceType": _type(each)} for each in touched],
            "CloudTrailEvent": json.dumps(detail),
            **caller,
        }
    )
    if _is_logged():
        entry = {
            "Source": f"aws.{source.partition('.')[0]}",
            "DetailType": _DETAIL_TYPES[detail["eventType"]],
            "Detail": json.dumps(detail),
        }
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def _names(value: Any) -> list[str]:
    """Return the ids and ARNs anywhere in a value."""
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return [name for part in parts for name in _names(part)]
    return [value] if isinstance(value, str) and _NAME.fullmatch(value) else []


def _type(name: str) -> str:
    return next((kind for prefix, kind in _TYPES.items() if name.startswith(prefix)), "")


def _is_logged() -> bool:
    """Say whether a trail of this account, here or of all regions, logs management events that write."""
    for region, name, trail in engine._visible_trail_items():
        selectors = engine._event_selectors.get_scoped(get_account_id(), region, name, engine._DEFAULT_EVENT_SELECTORS)
        if trail["IsLogging"] and any(map(_selects_writes, selectors)):
            return True
    return False


def _selects_writes(selector: dict[str, Any]) -> bool:
    fields = {each["Field"]: each.get("Equals", []) for each in selector.get("FieldSelectors", [])}
    if fields:
        return "Management" in fields.get("eventCategory", []) and "true" not in fields.get("readOnly", [])
    return bool(selector["IncludeManagementEvents"]) and selector["ReadWriteType"] != "ReadOnly"
