"""What every Lambda handler is wrapped in: its errors are logged with the trace id, and passing faults get one name."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from shared.faults import TransientFailure, is_transient
from shared.observability import logger, metrics, trace_id


def lambda_handler[C, R](function: Callable[[dict[str, Any], C], R]) -> Callable[[dict[str, Any], C], R]:
    """Make `function` a handler: Lambda's context and the trace id are on all it logs, and on what it raises.

    Raises what `function` raises; `TransientFailure` in place of a fault of AWS that passes by itself.
    """

    @wraps(function)
    def handler(event: dict[str, Any], context: C) -> R:
        metrics.add_metadata("xray_trace_id", trace_id())
        try:
            return function(event, context)
        except Exception as error:
            logger.exception("the function failed")
            if is_transient(error):
                raise TransientFailure(f"{type(error).__name__}: {error}") from error
            raise

    return logger.inject_lambda_context(handler)
