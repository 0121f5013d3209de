"""Triggers: rules, schedules, buckets' notifications and event source mappings, each with the links of its chain."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from scripts.aws import Client
from scripts.doctor.adapters.reading import Reader
from scripts.doctor.facts import Arrival, Line, Target, Trigger

OBJECTS = 20  # looked at of one bucket, the newest
ALIAS_PARTS = 8  # of an ARN with an alias or version at its end
MULTIPART = "-"  # in the ETag of an object that was uploaded in parts


def triggers(reader: Reader) -> Iterator[Trigger]:
    """Yield the environment's triggers."""
    yield from _rules(reader)
    yield from _schedules(reader)
    yield from _notifications(reader)
    yield from _mappings(reader)


def _rules(reader: Reader) -> Iterator[Trigger]:
    for bus in reader.get("buses", {"EventBuses": []}, reader.client("events").list_event_buses)["EventBuses"]:
        named = {"EventBusName": bus["Name"]}
        for rule in reader.pages("events", "list_rules", "Rules", NamePrefix=reader.prefix, **named):
            listed = reader.pages("events", "list_targets_by_rule", "Targets", Rule=rule["Name"], **named)
            pattern = rule.get("EventPattern", "")
            bucket = _bucket_of(pattern)
            targets = tuple(_target(reader, each) for each in listed)
            yield Trigger(
                "rule",
                rule["Name"],
                rule["Arn"],
                f"the bucket {bucket}" if bucket else "EventBridge",
                "s3" if bucket else "events",
                rule["State"] != "DISABLED",
                f"rule {rule['Name']}",
                targets,
                source_on=not bucket or _sends_events(reader, bucket),
                filter=pattern,
                literals=tuple(_literals(_keys_of(pattern))),
                arrivals=_arrivals(reader, bucket, pattern) if bucket else (),
                undelivered=tuple(line for target in targets for line in _waiting(reader, target.failure_queue)),
            )


def _schedules(reader: Reader) -> Iterator[Trigger]:
    for listed in reader.pages("scheduler", "list_schedules", "Schedules", NamePrefix=reader.prefix):
        named = {"Name": listed["Name"], "GroupName": listed["GroupName"]}
        schedule = reader.get(f"schedule {listed['Name']}", None, reader.client("scheduler").get_schedule, **named)
        if schedule:
            yield Trigger(
                "schedule",
                schedule["Name"],
                schedule["Arn"],
                schedule["ScheduleExpression"],
                "scheduler",
                schedule["State"] != "DISABLED",
                f"schedule {schedule['Name']}",
                (_target(reader, schedule["Target"]),),
                sender_arn=schedule["Arn"].replace(":schedule/", ":schedule-group/").rpartition("/")[0],
            )


def _notifications(reader: Reader) -> Iterator[Trigger]:
    buckets = reader.get("buckets", {"Buckets": []}, reader.client("s3").list_buckets)["Buckets"]
    for bucket in (each["Name"] for each in buckets if each["Name"].startswith(reader.prefix)):
        found = _notification(reader, bucket)
        for kind, key in (("Lambda", "LambdaFunctionArn"), ("Queue", "QueueArn"), ("Topic", "TopicArn")):
            for each in found.get(f"{kind}FunctionConfigurations" if kind == "Lambda" else f"{kind}Configurations", []):
                rules = each.get("Filter", {}).get("Key", {}).get("FilterRules", [])
                literals = tuple(rule["Value"] for rule in rules)
                yield Trigger(
                    "notification",
                    f"{bucket}/{each.get('Id', '')}",
                    f"arn:aws:s3:::{bucket}",
                    f"the bucket {bucket}",
                    "s3",
                    enabled=True,
                    where=f"notifications of the bucket {bucket}",
                    targets=(_target(reader, {"Arn": each[key]}),),
                    filter=json.dumps({"events": each["Events"], "filter": rules}),
                    literals=literals,
                    arrivals=tuple(
                        Arrival(name, event, _notified(name, event, each["Events"], rules))
                        for name, event in _objects(reader, bucket)
                    ),
                )


def _mappings(reader: Reader) -> Iterator[Trigger]:
    for each in reader.pages("lambda", "list_event_source_mappings", "EventSourceMappings"):
        function = each["FunctionArn"].split(":")[6]
        if not function.startswith(reader.prefix):
            continue
        said = each.get("LastProcessingResult", "")
        service = each["EventSourceArn"].split(":")[2]
        yield Trigger(
            "mapping",
            f"{each['EventSourceArn'].rsplit(':', 1)[-1]} to {function}",
            each.get("EventSourceMappingArn", each["UUID"]),
            each["EventSourceArn"],
            service,
            each["State"] not in ("Disabled", "Disabling"),
            f"event source mapping {each['UUID']}",
            (Target(each["FunctionArn"], _exists(reader, each["FunctionArn"])),),
            source_on=service != "sqs" or _exists(reader, each["EventSourceArn"]) is not False,
            problem=said if said.startswith("PROBLEM") else "",
        )


def _target(reader: Reader, target: dict[str, Any]) -> Target:
    queue = target.get("DeadLetterConfig", {}).get("Arn", "")
    queue_exists = _exists(reader, queue) if queue else None
    return Target(target["Arn"], _exists(reader, target["Arn"]), target.get("RoleArn", ""), queue, queue_exists)


def _exists(reader: Reader, arn: str) -> bool | None:
    """Tell whether there is a function, a machine (or an alias of one) or a queue; None for anything else."""
    service = arn.split(":")[2]
    if service == "lambda":
        return reader.exists(arn, reader.client("lambda").get_function_configuration, FunctionName=arn)
    if service == "sqs":
        return reader.exists(arn, reader.client("sqs").get_queue_url, QueueName=arn.rsplit(":", 1)[-1])
    if service == "states" and len(arn.split(":")) == ALIAS_PARTS:
        return reader.exists(arn, reader.client("stepfunctions").describe_state_machine_alias, stateMachineAliasArn=arn)
    if service == "states":
        return reader.exists(arn, reader.client("stepfunctions").describe_state_machine, stateMachineArn=arn)
    return None


def _waiting(reader: Reader, queue: str) -> Iterator[Line]:
    """Yield how many messages a queue holds: to read them would hide them from others."""
    if not queue:
        return
    count = int(reader.get(f"depth of {queue}", 0, _depth, sqs=reader.client("sqs"), arn=queue))
    if count:
        yield Line(reader.window.until, f"{count} events wait that could not be delivered", f"queue {queue}")


def _depth(sqs: Client, arn: str) -> int:
    url = sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"]
    name = "ApproximateNumberOfMessages"
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def _notification(reader: Reader, bucket: str) -> dict[str, Any]:
    read = reader.client("s3").get_bucket_notification_configuration
    found: dict[str, Any] = reader.get(
        f"notifications of {bucket}", {"EventBridgeConfiguration": {}}, read, Bucket=bucket
    )
    return found


def _sends_events(reader: Reader, bucket: str) -> bool:
    return "EventBridgeConfiguration" in _notification(reader, bucket)


def _bucket_of(pattern: str) -> str:
    """Return the one bucket that an event pattern names, "" for none or several."""
    names = json.loads(pattern or "{}").get("detail", {}).get("bucket", {}).get("name", [])
    return names[0] if len(names) == 1 and isinstance(names[0], str) else ""


def _keys_of(pattern: str) -> list[Any]:
    keys: list[Any] = json.loads(pattern or "{}").get("detail", {}).get("object", {}).get("key", [])
    return keys


def _literals(keys: list[Any]) -> Iterator[str]:
    """Yield the prefixes, suffixes and whole keys that an event pattern's `key` wants."""
    for key in keys:
        if isinstance(key, str):
            yield key
        for name in ("prefix", "suffix", "equals-ignore-case"):
            value = key.get(name) if isinstance(key, dict) else None
            if value:
                yield value.get("equals-ignore-case", "") if isinstance(value, dict) else value
        if isinstance(key, dict) and "wildcard" in key:
            yield from (part for part in str(key["wildcard"]).split("*") if part)


def _objects(reader: Reader, bucket: str) -> list[tuple[str, str]]:
    """Return the newest objects that came in the window: the key, and the event that made each."""
    listed = reader.pages("s3", "list_objects_v2", "Contents", Bucket=bucket)
    came = [each for each in listed if each["LastModified"].timestamp() >= reader.window.since]
    newest = sorted(came, key=lambda each: each["LastModified"], reverse=True)[:OBJECTS]
    names = {True: "CompleteMultipartUpload", False: "PutObject"}
    return [(each["Key"], names[MULTIPART in each.get("ETag", "")]) for each in newest]


def _arrivals(reader: Reader, bucket: str, pattern: str) -> tuple[Arrival, ...]:
    """Return the newest objects, and whether EventBridge itself says that the pattern lets them pass."""
    region, found = reader.deployment.region, []
    for key, reason in _objects(reader, bucket):
        event = {
            "version": "0",
            "id": "0",
            "detail-type": "Object Created",
            "source": "aws.s3",
            "account": "000000000000",
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": region,
            "resources": [f"arn:aws:s3:::{bucket}"],
            "detail": {"bucket": {"name": bucket}, "object": {"key": key, "size": 1}, "reason": reason},
        }
        test = reader.client("events").test_event_pattern
        tested = reader.get(
            f"event pattern of {bucket}", {"Result": True}, test, EventPattern=pattern, Event=json.dumps(event)
        )
        found.append(Arrival(key, reason, tested["Result"]))
    return tuple(found)


def _notified(key: str, event: str, events: list[str], rules: list[dict[str, str]]) -> bool:
    """Tell whether a bucket's notification lets an object pass."""
    short = {"PutObject": "Put"}.get(event, event)
    taken = any(each in (f"s3:ObjectCreated:{short}", "s3:ObjectCreated:*") for each in events)
    fits = {"prefix": key.startswith, "suffix": key.endswith}
    return taken and all(fits[rule["Name"].lower()](rule["Value"]) for rule in rules)
