"""Fault 4, an S3 trigger that does not fire: each link of the chain from the bucket to the state machine, broken."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scripts.doctor.findings import Fault, Finding
from scripts.lab import kept
from scripts.lab.bench import NOTHING, Bench
from scripts.lab.course import LOAD, Cure, Variant
from scripts.lab.cures import proposed, says
from scripts.lab.policies import policy_of, put_policy, without_policies

SUBJECT = "etl-pipeline-uploads"
PREFIX, MISTYPED = '"incoming/"', '"Incoming/"'
FIELDS = ("Name", "EventPattern", "State", "Description")


def _rule_name(bench: Bench) -> str:
    return f"{bench.deployment.outputs['foundation']['name']}-{SUBJECT}"


@contextmanager
def _rule(bench: Bench) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Yield the rule that starts the pipeline, and its targets; put both back at the end."""
    events, name = bench.deployment.client("events"), _rule_name(bench)

    def read() -> tuple[dict[str, Any], list[dict[str, Any]]]:
        found = events.describe_rule(Name=name)
        return {field: found[field] for field in FIELDS}, events.list_targets_by_rule(Rule=name)["Targets"]

    def write(before: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
        events.put_rule(**before[0])
        events.put_targets(Rule=name, Targets=before[1])

    with kept(f"the rule {name}", read, write) as before:
        yield before


@contextmanager
def _notifications_lost(bench: Bench) -> Iterator[Cure]:
    s3, bucket = bench.deployment.client("s3"), bench.deployment.outputs["etl_pipeline"]["bucket"]

    def read() -> dict[str, Any]:
        found = s3.get_bucket_notification_configuration(Bucket=bucket)
        return {key: value for key, value in found.items() if key != "ResponseMetadata"}

    def write(configuration: dict[str, Any]) -> None:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)

    with kept(f"the notifications of {bucket}", read, write):
        write({})

        def cure(finding: Finding) -> str:
            says(finding, "eventbridge = true")
            write({"EventBridgeConfiguration": {}})
            return "the bucket sends its events to EventBridge"

        yield cure


@contextmanager
def _rule_disabled(bench: Bench) -> Iterator[Cure]:
    events = bench.deployment.client("events")
    with _rule(bench) as (rule, _):
        events.disable_rule(Name=rule["Name"])

        def cure(_: Finding) -> str:
            events.enable_rule(Name=rule["Name"])
            return "the rule is on"

        yield cure


@contextmanager
def _prefix_mistyped(bench: Bench) -> Iterator[Cure]:
    events = bench.deployment.client("events")
    with _rule(bench) as (rule, _):
        pattern = rule["EventPattern"].replace(PREFIX, MISTYPED)
        events.put_rule(**{**rule, "EventPattern": pattern})

        def cure(finding: Finding) -> str:
            right, wrong, *_ = re.findall(r"'([^']+)'", finding.fix.text)
            mended = pattern.replace(json.dumps(wrong), json.dumps(right))
            events.put_rule(**{**rule, "EventPattern": mended})
            return f"the filter wants {right!r} in place of {wrong!r}"

        yield cure


@contextmanager
def _target_removed(bench: Bench) -> Iterator[Cure]:
    events = bench.deployment.client("events")
    with _rule(bench) as (rule, targets):
        events.remove_targets(Rule=rule["Name"], Ids=[target["Id"] for target in targets])

        def cure(_: Finding) -> str:
            events.put_targets(Rule=rule["Name"], Targets=targets)
            return "the rule has its target again"

        yield cure


@contextmanager
def _permission_taken(bench: Bench) -> Iterator[Cure]:
    role = _rule_name(bench)
    with _set_aside(bench, role), without_policies(bench.deployment, role):

        def cure(finding: Finding) -> str:
            put_policy(bench.deployment, role, "lab", policy_of(proposed(finding)))
            return "the rule's role has the statement that the doctor proposes"

        yield cure


@contextmanager
def _set_aside(bench: Bench, rule: str) -> Iterator[None]:
    """Take the event that started nothing off the rule's failure queue at the end."""
    yield
    sqs = bench.deployment.client("sqs")
    queue = sqs.get_queue_url(QueueName=f"{rule}-undelivered")["QueueUrl"]
    for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5).get("Messages", []):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


VARIANTS = (
    Variant(
        Fault.TRIGGER,
        "source_broken",
        SUBJECT,
        "another tool writes the bucket's notifications, of which there is one set only: EventBridge hears nothing",
        LOAD,
        NOTHING,
        _notifications_lost,
    ),
    Variant(
        Fault.TRIGGER,
        "trigger_broken",
        SUBJECT,
        "somebody turns the rule off for a migration, and nobody turns it on again",
        LOAD,
        NOTHING,
        _rule_disabled,
    ),
    Variant(
        Fault.TRIGGER,
        "filter_broken",
        SUBJECT,
        f"the rule's filter says {MISTYPED} in place of {PREFIX}",
        LOAD,
        NOTHING,
        _prefix_mistyped,
    ),
    Variant(
        Fault.TRIGGER,
        "target_broken",
        SUBJECT,
        "the rule's target is removed, and the rule matches for nobody",
        LOAD,
        NOTHING,
        _target_removed,
    ),
    Variant(
        Fault.TRIGGER,
        "permission_broken",
        SUBJECT,
        "the rule's role loses the right to start the state machine",
        LOAD,
        NOTHING,
        _permission_taken,
    ),
)
