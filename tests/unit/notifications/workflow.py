"""The notifications without Lambda's pollers: the handler in this process, moto's AWS, channels on a real server."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from notifications.adapters import addresses
from notifications.handlers import send_notifications
from scripts.chat.server import Chat
from shared import configuration
from shared.clients import client
from tests.support import functions
from tests.support.functions import Context

EVENTS = Path(__file__).parents[2] / "events"
CLAIMS, SETTINGS, SECRET = "claims", "/workflows/notifications/settings", "workflows/notifications-webhooks"
ENVIRONMENT = functions.ENVIRONMENT | {
    "POWERTOOLS_SERVICE_NAME": "notifications",
    "ALLOWED_HOSTS": "hooks.slack.com,*.logic.azure.com",
    "ALLOW_LOOPBACK": "true",
    "CLAIMS_TABLE": CLAIMS,
    "KEEP_SECONDS": "60",
    "MAX_BACKOFF_SECONDS": "900",
    "MAX_RECEIVE_COUNT": "3",
    "NAME_PREFIX": "workflows-dev",
    "POST_SECONDS": "30",
    "SETTINGS_PARAMETER": SETTINGS,
    "WEBHOOKS_SECRET": SECRET,
}
RULES: dict[str, Any] = {
    "channels": {"ops": "slack", "desk": "teams"},
    "routes": [{"name": "all", "channels": ["ops", "desk"]}],
    "owner_tag": "owner",
    "duplicate_seconds": 300,
    "storm": {"limit": 20, "seconds": 300},
}


@dataclass
class Workflow:
    """A queue, a table, settings and a secret; `chat` has the channels."""

    chat: Chat
    now: float = 1_800_000_000.0
    queue: str = ""
    failure_queue: str = ""
    delays: dict[str, int] = field(default_factory=dict)

    def create(self) -> dict[str, str]:
        """Create everything; return the variables that name the queues."""
        self.queue, self.failure_queue = (
            client("sqs").create_queue(QueueName=name)["QueueUrl"] for name in ("queue", "failures")
        )
        client("dynamodb").create_table(
            TableName=CLAIMS,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        client("secretsmanager").create_secret(Name=SECRET)
        self.agree()
        return {"QUEUE_URL": self.queue, "FAILURE_QUEUE_URL": self.failure_queue}

    def agree(self, **changes: Any) -> None:
        """Change the settings, as seen at once."""
        value = json.dumps(RULES | changes)
        client("ssm").put_parameter(Name=SETTINGS, Value=value, Type="String", Overwrite=True)
        configuration.forget()  # a minute passes

    def address(self, text: str | None = None) -> None:
        """Put the channels' addresses into the secret, or whatever else."""
        given = {"ops": self.chat.slack("ops"), "desk": self.chat.teams("desk")}
        client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=text or json.dumps(given))
        addresses._read.cache_clear()  # noqa: SLF001  # a minute passes

    def message(self, body: object, number: int = 1, receives: int = 1, **attributes: str) -> dict[str, Any]:
        """Return a record as Lambda delivers it."""
        return {
            "messageId": f"m-{number}",
            "receiptHandle": f"r-{number}",
            "body": body if isinstance(body, str) else json.dumps(body),
            "attributes": {"ApproximateReceiveCount": str(receives), "SentTimestamp": "1800000000000"},
            "messageAttributes": {
                name: {"stringValue": text, "dataType": "String"} for name, text in attributes.items()
            },
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:queue",
        }

    def event(self, name: str, number: int = 1, **more: Any) -> dict[str, Any]:
        """Return a record with a recorded event."""
        return self.message((EVENTS / f"{name}.json").read_text(), number, **more)

    def send(self, *records: dict[str, Any], seconds: float = 60) -> list[str]:
        """Let the handler take a batch; return the ids of the messages that go back to the queue."""
        answer = send_notifications.handler({"Records": list(records)}, Context(seconds))
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def failures(self) -> list[dict[str, Any]]:
        """Take what is in the failure queue."""
        found: list[dict[str, Any]] = []
        wanted = {"MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
        while received := client("sqs").receive_message(QueueUrl=self.failure_queue, **wanted).get("Messages"):
            for message in received:
                client("sqs").delete_message(QueueUrl=self.failure_queue, ReceiptHandle=message["ReceiptHandle"])
            found += received
        return found
