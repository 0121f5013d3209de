"""Transport: a policy that refuses plain HTTP lets the way over loopback pass."""

import json
from collections.abc import Callable
from typing import Any


def test_a_tls_only_queue_can_be_used(client: Callable[[str], Any], name: str) -> None:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    refuse_http = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [refuse_http]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    assert sqs.send_message(QueueUrl=url, MessageBody="hello")["MessageId"]
