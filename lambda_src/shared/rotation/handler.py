"""What a secret's function is made of: the steps of its rotation, its first value, and a look at its age."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from shared.handlers import lambda_handler
from shared.observability import logger, metrics
from shared.rotation.adapters.versions import SecretVersions, current_since
from shared.rotation.rotating import Issuer, Rotation

BEGIN, MEASURE_AGE = "begin", "measureAge"
_DAY_SECONDS = 86_400
_SUFFIX = 7  # a hyphen and six characters that Secrets Manager adds to a secret's name

type Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def rotation_handler(issuer: Callable[[], Issuer]) -> Handler:
    """Return the handler of the function that keeps a secret whose values are of an issuer, made at the first need."""

    @lambda_handler
    def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
        """Take `{"SecretId", "ClientRequestToken", "Step"}`, or `{"SecretId", "Step"}` with one of our own steps.

        Answer nothing: what a function answers, others may keep.
        """
        secret, step = event["SecretId"], event["Step"]
        if step == MEASURE_AGE:
            measure_age(secret)
            return {}
        rotation = Rotation(SecretVersions(secret), issuer())
        if step == BEGIN:
            rotation.begin()
        else:
            rotation.step(step, event["ClientRequestToken"])
        logger.info("a step of the rotation is done", extra={"secret": secret, "step": step})
        return {}

    return handler


def measure_age(secret: str) -> None:
    """Publish how old the current value is, in days; nothing while there is none, which the alarm notices."""
    since = current_since(secret)
    if since is None:
        logger.warning("nobody has put a value", extra={"secret": secret})
        return
    days = (datetime.now(UTC) - since).total_seconds() / _DAY_SECONDS
    metrics.add_dimension("secret", secret.rpartition(":")[2][:-_SUFFIX])
    metrics.add_metric("SecretAgeDays", MetricUnit.NoUnit, days)
    metrics.flush_metrics()
