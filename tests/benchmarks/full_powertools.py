"""Powertools' full documented set-up around the same calls: Logger, Tracer, Metrics, batch, idempotency."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig

from tests.benchmarks.calls import replay

logger, tracer, metrics = Logger(), Tracer(), Metrics()
processor = BatchProcessor(event_type=EventType.SQS)
persistence, config = DynamoDBPersistenceLayer(table_name="idempotency"), IdempotencyConfig()


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> int:
    """Make the recorded calls."""
    metrics.add_metric("Calls", "Count", len(event["calls"]))
    return replay(event, context)
