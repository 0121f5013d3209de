"""The queue workflow without Lambda's pollers: handlers in this process, AWS played by moto."""

import json
from dataclasses import dataclass
from typing import Any

from queue_processor.handlers import keep_totals, process_messages
from shared.clients import client
from tests.support import functions
from tests.support.functions import Context

RESULTS, TOTALS, PRICES = "results", "totals", "/workflows/queue_processor/prices"
ENVIRONMENT = functions.ENVIRONMENT | {
    "POWERTOOLS_SERVICE_NAME": "queue_processor",
    "RESULTS_TABLE": RESULTS,
    "TOTALS_TABLE": TOTALS,
    "PRICES_PARAMETER": PRICES,
    "RETENTION_DAYS": "90",
    "MAX_BACKOFF_SECONDS": "900",
    "MAX_RECEIVE_COUNT": "3",
}
PRICE_LIST = {
    "api_calls": {
        "currency": "EUR",
        "tiers": [{"up_to": 1000, "unit_price": "0.001"}, {"up_to": None, "unit_price": "0.0008"}],
    },
    "storage": {"currency": "JPY", "minor_units": 0, "tiers": [{"unit_price": 3}]},
}
USAGE = {"usage_id": "u-1", "customer": "Ada", "meter": "api_calls", "quantity": "1250", "period": "2026-11"}


def body(**changes: Any) -> str:
    return json.dumps(USAGE | changes)


@dataclass
class Workflow:
    """Two queues, two tables and a price list; and what Lambda's pollers do."""

    sqs_event: dict[str, Any]
    stream_event: dict[str, Any]
    queue: str = ""
    failure_queue: str = ""

    def create(self, *, fifo: bool = False) -> dict[str, str]:
        """Create everything; return the variables that name the queues."""
        suffix, kind = (".fifo", {"FifoQueue": "true"}) if fifo else ("", {})
        for name in ("queue", "failure_queue"):
            created = client("sqs").create_queue(QueueName=f"{name}{suffix}", Attributes=kind)
            setattr(self, name, created["QueueUrl"])
        for table, key in ((RESULTS, "business_key"), (TOTALS, "customer_currency")):
            client("dynamodb").create_table(
                TableName=table,
                KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        self.agree(json.dumps(PRICE_LIST))
        return {"QUEUE_URL": self.queue, "FAILURE_QUEUE_URL": self.failure_queue}

    def agree(self, price_list: str) -> None:
        client("ssm").put_parameter(Name=PRICES, Value=price_list, Type="String", Overwrite=True)

    def message(self, text: str = "", number: int = 1, group: str | None = None, receives: int = 1) -> dict[str, Any]:
        """Return a record as Lambda delivers it; of a FIFO queue if it has a group."""
        record: dict[str, Any] = json.loads(json.dumps(self.sqs_event["Records"][0]))
        record |= {"messageId": f"m-{number}", "body": text or record["body"]}
        record["attributes"]["ApproximateReceiveCount"] = str(receives)
        if group:
            record["attributes"]["MessageGroupId"] = group
            record["eventSourceARN"] += ".fifo"
        return record

    def process(self, *records: dict[str, Any], seconds: float = 60) -> list[str]:
        """Let the handler process a batch; return the ids of the messages that go back to the queue."""
        answer = process_messages.handler({"Records": list(records)}, Context(seconds))
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def change(self, number: int, event_name: str = "INSERT", **image: dict[str, str]) -> dict[str, Any]:
        """Return a stream record as Lambda delivers it, with some of its image's attributes changed."""
        record: dict[str, Any] = json.loads(json.dumps(self.stream_event["Records"][0]))
        record |= {"eventID": f"e-{number}", "eventName": event_name}
        record["dynamodb"]["SequenceNumber"] = str(100 + number)
        record["dynamodb"]["NewImage"] |= image
        return record

    def count(self, *records: dict[str, Any], seconds: float = 60) -> list[str]:
        """Let the handler add stream records; return the sequence number from which they are delivered again."""
        answer = keep_totals.handler({"Records": list(records)}, Context(seconds))
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def results(self) -> dict[str, dict[str, str]]:
        return {item["business_key"]: item for item in self._items(RESULTS)}

    def totals(self) -> dict[str, tuple[str, str]]:
        """Return total and lines of each customer and currency."""
        items = (item for item in self._items(TOTALS) if "total" in item)
        return {item["customer_currency"]: (item["total"], item["lines"]) for item in items}

    def failures(self) -> list[dict[str, Any]]:
        """Take what is in the failure queue."""
        found: list[dict[str, Any]] = []
        wanted = {"MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"], "AttributeNames": ["All"]}
        while received := client("sqs").receive_message(QueueUrl=self.failure_queue, **wanted).get("Messages"):
            for message in received:
                client("sqs").delete_message(QueueUrl=self.failure_queue, ReceiptHandle=message["ReceiptHandle"])
            found += received
        return found

    def _items(self, table: str) -> list[dict[str, str]]:
        items = client("dynamodb").scan(TableName=table)["Items"]
        return [{name: next(iter(value.values())) for name, value in item.items()} for item in items]


def texts(message: dict[str, Any]) -> dict[str, str]:
    """Return the text attributes of a received message."""
    return {
        name: value["StringValue"] for name, value in message["MessageAttributes"].items() if "StringValue" in value
    }
