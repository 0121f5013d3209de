"""Step Functions: what a machine publishes has its message attributes, and subscriptions filter by them."""

import json

from tests.engine.conftest import Clients
from tests.support.machines import Machines

ALLOW = {"Action": "sns:Publish", "Resource": "*"}


def test_attributes_reach_those_who_filter_by_them(machines: Machines, client: Clients, name: str) -> None:
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    queues = {}
    for reader in ("ada", "bert"):
        queues[reader] = client("sqs").create_queue(QueueName=f"{name}-{reader}")["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:000000000000:{name}-{reader}"
        statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        client("sqs").set_queue_attributes(QueueUrl=queues[reader], Attributes={"Policy": policy})
        only = {"FilterPolicy": json.dumps({"recipient": [reader]})}
        client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=only)
    arguments = {
        "TopicArn": topic,
        "Message": "for Ada",
        "MessageAttributes": {"recipient": {"DataType": "String", "StringValue": "ada"}},
    }
    task = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Arguments": arguments}
    assert machines.once([task], ALLOW)["status"] == "SUCCEEDED"
    [message] = client("sqs").receive_message(QueueUrl=queues["ada"], WaitTimeSeconds=2)["Messages"]
    assert json.loads(message["Body"])["MessageAttributes"]["recipient"] == {"Type": "String", "Value": "ada"}
    assert "Messages" not in client("sqs").receive_message(QueueUrl=queues["bert"])
