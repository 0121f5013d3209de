"""The documented way to process a queue, to compare with: Powertools' BatchProcessor and `@idempotent_function`."""

import json
import os
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

from queue_processor.adapters.prices import price_list
from queue_processor.domain.usage import UsageRecord

logger, metrics = Logger(), Metrics()
processor = BatchProcessor(event_type=EventType.SQS)
persistence = DynamoDBPersistenceLayer(table_name=os.environ["IDEMPOTENCY_TABLE"])
config = IdempotencyConfig(event_key_jmespath="usage_id", expires_after_seconds=90 * 86_400)


@idempotent_function(data_keyword_argument="usage", config=config, persistence_store=persistence)
def price(usage: dict[str, Any], body: str) -> dict[str, str]:
    """Price one usage record; what is returned is the stored result."""
    line = price_list(os.environ["PRICES_PARAMETER"]).line(UsageRecord.from_body(body))
    return {**usage, "amount": str(line.amount), "currency": line.currency}


def _process(record: SQSRecord) -> dict[str, str]:
    return price(usage=json.loads(record.body), body=record.body)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> Any:
    """Process a batch; return the messages that failed."""
    config.register_lambda_context(context)
    metrics.add_metric("MessagesProcessed", "Count", len(event["Records"]))
    return process_partial_response(event, _process, processor, context)
