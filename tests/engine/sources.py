"""Queues, tables and mappings for the tests of event sources, and functions that record what they were given."""

import json
from collections.abc import Callable
from typing import Any

from tests.engine.functions import LOGGING, Functions
from tests.engine.waiting import until

ACCOUNT = "000000000000"
POLL = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
READ = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]

# What every recording function begins with: `record(value)` keeps a value for the test.
RECORDER = """
import json
def record(value):
    print('RECORDED ' + json.dumps(value))
"""


class Sources:
    """Makes event sources and their mappings."""

    def __init__(self, client: Callable[[str], Any], functions: Functions, make_role: Callable[..., str]) -> None:
        self.client = client
        self.functions = functions
        self.make_role = make_role

    def queue(self, name: str, **attributes: str) -> str:
        """Make a queue, FIFO when its name says so; return its ARN."""
        fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        self.client("sqs").create_queue(QueueName=name, Attributes=fifo | attributes)
        return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"

    def table(self, name: str, **settings: Any) -> str:
        """Make a table with a stream; return the stream's ARN."""
        described = self.client("dynamodb").create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            **settings,
        )
        return str(described["TableDescription"]["LatestStreamArn"])

    def role(self, source: str, *statements: dict[str, Any]) -> str:
        """Make a role that may poll a source and write logs, and what the statements allow."""
        poll = {"Action": POLL if ":sqs:" in source else READ, "Resource": source}
        listing = {"Action": "dynamodb:ListStreams", "Resource": "*"}
        return self.make_role(LOGGING, poll, listing, *statements)

    def function(self, source: str, body: str, *statements: dict[str, Any], **settings: Any) -> str:
        """Deploy a function whose handler has `body` (of `records`, `record` and `context`); return its name."""
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        code = f"{RECORDER}\ndef handler(event, context):\n    records = event['Records']\n{lines}"
        return self.functions.make(code, Role=self.role(source, *statements), **settings)

    def map(self, source: str, function: str, **settings: Any) -> str:
        """Map a source to a function; return the mapping's id."""
        if ":dynamodb:" in source:
            settings = {"StartingPosition": "TRIM_HORIZON", **settings}
        made = self.client("lambda").create_event_source_mapping(
            EventSourceArn=source, FunctionName=function, **settings
        )
        return str(made["UUID"])

    def send(self, source: str, *bodies: str, **settings: Any) -> None:
        """Send messages to a queue; those of a FIFO queue belong to the group before the first colon."""
        url = self.client("sqs").get_queue_url(QueueName=source.rsplit(":", 1)[1])["QueueUrl"]
        for body in bodies:
            fifo = {"MessageGroupId": body.split(":")[0], "MessageDeduplicationId": body}
            more = fifo if source.endswith(".fifo") else {}
            self.client("sqs").send_message(QueueUrl=url, MessageBody=body, **more, **settings)

    def put(self, source: str, *keys: str) -> None:
        """Put an item a key into the table of a stream."""
        for key in keys:
            self.client("dynamodb").put_item(TableName=source.split("/")[1], Item={"id": {"S": key}})

    def received(self, queue: str) -> list[dict[str, Any]]:
        """Receive what is in a queue now."""
        url = self.client("sqs").get_queue_url(QueueName=queue.rsplit(":", 1)[1])["QueueUrl"]
        answer = self.client("sqs").receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
        )
        found: list[dict[str, Any]] = answer.get("Messages", [])
        return found

    def left(self, queue: str) -> int:
        """Return how many messages a queue holds, visible or not."""
        url = self.client("sqs").get_queue_url(QueueName=queue.rsplit(":", 1)[1])["QueueUrl"]
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(value) for value in found.values())

    def recorded(self, function: str) -> list[Any]:
        """Return what a function recorded so far, in order."""
        groups = self.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{function}")["logGroups"]
        lines = self.functions.log(function) if groups else []
        return [json.loads(line.split("RECORDED ", 1)[1]) for line in lines if "RECORDED " in line]

    def wait_for(self, function: str, count: int, seconds: float = 15) -> list[Any]:
        """Wait until a function has recorded `count` values; return them."""
        until(lambda: len(self.recorded(function)) >= count, seconds)
        return self.recorded(function)
