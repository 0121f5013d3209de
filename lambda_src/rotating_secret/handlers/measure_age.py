"""MeasureAge: measures how old the value of a secret is that people replace."""

from typing import Any

from shared.handlers import lambda_handler
from shared.rotation.handler import measure_age


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"SecretId", …}`; answer nothing."""
    measure_age(event["SecretId"])
    return {}
