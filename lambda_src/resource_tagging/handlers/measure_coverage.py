"""MeasureCoverage: counts which share of the account's resources has an owner; an alarm watches the metric."""

from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from resource_tagging.adapters import inventory
from resource_tagging.domain.coverage import Coverage
from shared.handlers import lambda_handler
from shared.observability import logger, metrics
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    owner_tag: str


settings = once(Settings)


@lambda_handler
def handler(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take anything; return the counts, and the first few resources that have no owner."""
    coverage = Coverage.of(inventory.resources(), settings().owner_tag)
    metrics.add_metric("OwnerCoveragePercent", MetricUnit.Percent, float(coverage.percent))
    metrics.add_metric("ResourcesWithoutOwner", MetricUnit.Count, coverage.seen - coverage.owned)
    metrics.flush_metrics()
    answer = {
        "seen": coverage.seen,
        "owned": coverage.owned,
        "percent": str(coverage.percent),
        "without_owner": list(coverage.without),
    }
    logger.info("the resources are counted", extra=answer)
    return answer
