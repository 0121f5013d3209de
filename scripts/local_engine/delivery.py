"""How one AWS service hands something to another: whether it may, and the hand-over itself."""

import json
import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from ministack.core.arn import parse_arn
from ministack.core.concurrency import esm_wake
from ministack.services import eventbridge, lambda_svc, sns, sqs, stepfunctions

from scripts.local_engine.authorization import Decision, policy_allows, role_allows, service_may_assume

ACTIONS = {
    "lambda": "lambda:InvokeFunction",
    "states": "states:StartExecution",
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "events": "events:PutEvents",
}
POLICIES = {
    "lambda": lambda_svc.function_policy_for_arn,
    "sqs": sqs.queue_policy_for_arn,
    "sns": sns.topic_policy_for_arn,
}
NO_PERMISSIONS = "NO_PERMISSIONS"
NO_RESOURCE = "NO_RESOURCE"


@dataclass(frozen=True)
class Sender:
    """A service that delivers something: with a role, or (role None) as itself on behalf of `source_arn`.

    `trust_arn` is the aws:SourceArn that the service sends when it assumes the role, None when it documents none.
    """

    service: str
    source_arn: str
    role: str | None = None
    trust_arn: str | None = None

    def may_reach(self, arn: str) -> Decision:
        """Decide whether the sender may deliver to the target `arn`."""
        service = arn.split(":")[2] if arn.count(":") >= 5 else ""  # noqa: PLR2004 the colons of an ARN
        action = ACTIONS.get(service)
        if not action:
            return Decision("Allow")  # a target this module does not deliver to
        if not self.role:
            return self._by_resource_policy(service, action, arn)
        trusted = service_may_assume(self.role, self.service, self.trust_arn)
        return role_allows(self.role, action, arn, via=self.service) if trusted else trusted

    def _by_resource_policy(self, service: str, action: str, arn: str) -> Decision:
        if service not in POLICIES:
            return Decision("ImplicitDeny", f"{self.service} needs a role to {action} on {arn}")
        found = POLICIES[service](arn)
        return policy_allows(found[0] if found else None, self.service, action, arn, self.source_arn)


def exists(arn: str) -> bool:
    """Say whether a target exists; targets of a kind that is not delivered here are taken to."""
    match arn.split(":")[2:3]:
        case ["lambda"]:
            return bool(lambda_svc._get_func_record_for_ref(arn)[0])
        case ["sqs"]:
            return sqs._queue_by_arn(arn) is not None
        case ["sns"]:
            return arn in sns._topics
        case ["states"]:
            return stepfunctions._resolve_state_machine_arn(arn) is not None
    return True


def deliver(arn: str, payload: Any) -> None:
    """Hand `payload` (a JSON value) to a queue, topic, event bus or function that exists."""
    text = json.dumps(payload, default=str)
    match arn.split(":")[2]:
        case "sqs":
            send_to_queue(arn, text)
        case "sns":
            sns.publish_internal(arn, text)
        case "lambda":
            invoke_asynchronously(arn, payload)
        case "events":
            entry = {"Source": "lambda", "DetailType": "Lambda Function Invocation Result", "Detail": text}
            bus = parse_arn(arn).resource.removeprefix("event-bus/")
            eventbridge._put_events({"Entries": [{**entry, "EventBusName": bus}]})


def invoke_asynchronously(arn: str, event: Any) -> None:
    """Put an event in a function's asynchronous queue: Lambda retries it and reports a final failure."""
    record, config, _ = lambda_svc._get_func_record_for_ref(arn)
    lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(record, config), event)


def send_to_queue(arn: str, body: str, attributes: dict[str, str] | None = None) -> None:
    """Put a message with String attributes into an existing queue."""
    queue, now = sqs._queue_by_arn(arn), time.time()
    typed = {name: {"DataType": "String", "StringValue": value} for name, value in (attributes or {}).items()}
    message = {
        "id": str(uuid4()),
        "body": body,
        "message_attributes": typed,
        "md5_attrs": sqs._md5_msg_attrs(typed),
        "sent_at": now,
        "visible_at": now + sqs.queue_delay(queue),
        "receipt_handle": None,
        "receive_count": 0,
    }
    with sqs._queues_lock:
        if queue.get("is_fifo"):
            queue["fifo_seq"] = queue.get("fifo_seq", 0) + 1
            message |= {"group_id": "dead-letters", "dedup_id": message["id"], "seq": str(queue["fifo_seq"]).zfill(20)}
        sqs._ensure_msg_fields(message)
        queue["messages"].append(message)
    esm_wake.set()


def dead_letter(sender: Sender, queue_arn: str | None, body: str, attributes: dict[str, str]) -> bool:
    """Send what could not be delivered to a dead-letter queue, if there is one the sender may use."""
    if not queue_arn or not exists(queue_arn) or not sender.may_reach(queue_arn):
        return False
    send_to_queue(queue_arn, body, attributes)
    return True
