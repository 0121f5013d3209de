"""The logger and the metrics of every function: JSON lines with the trace id, and embedded metrics (EMF)."""

from aws_lambda_powertools import Logger, Metrics

logger = Logger()
metrics = Metrics()
