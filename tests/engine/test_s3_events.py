"""S3 events: EventBridge is told which version of an object was made."""

import json
from collections.abc import Callable
from typing import Any


def test_an_upload_s_event_names_the_version(client: Callable[[str], Any], name: str) -> None:
    s3, events, sqs = client("s3"), client("events"), client("sqs")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}})
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    may_send = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [may_send | {"Resource": queue}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [name]}}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue}])

    version = s3.put_object(Bucket=name, Key="a key", Body=b"content")["VersionId"]

    message = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]
    stored = json.loads(message["Body"])["detail"]["object"]
    assert (stored["key"], stored["version-id"]) == ("a key", version)
