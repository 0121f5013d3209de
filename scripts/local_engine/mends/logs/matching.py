"""Filter patterns where they are used: FilterLogEvents, subscription filters, metric filters."""

import logging
from typing import Any

from ministack.services import cloudwatch_logs as engine

from scripts.local_engine.mends.logs.patterns import PatternError, compile_pattern
from scripts.local_engine.patching import wrap

_log = logging.getLogger("mends.logs")


def compile_filter_pattern(original: Any, raw: str) -> Any:
    """Match events as FilterLogEvents does.

    AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    Engine: a JSON pattern matched every event, and case did not matter. Patterns for space-delimited events
    (`[ip, user, …]`) stay with the engine.
    """
    if (raw or "").strip().startswith("["):
        return original(raw)
    return compile_pattern(raw or "")


def subscription_matches(_original: Any, pattern: str, message: str) -> bool:
    """Match events as subscription filters do, with the same syntax; the engine knew bare terms only."""
    return matches(pattern or "", message or "")


def matches(pattern: str, message: str) -> bool:
    """Tell whether a message matches a pattern that was put earlier; one that cannot be read matches nothing."""
    try:
        return bool(engine._compile_filter_pattern(pattern)(message))
    except PatternError:
        _log.warning("cannot read the filter pattern %s", pattern)
        return False


def filter_log_events(original: Any, data: dict[str, Any]) -> Any:
    """Refuse a pattern that cannot be read, as AWS does; the engine read every one somehow."""
    try:
        return original(data)
    except PatternError as error:
        return engine.error_response_json("InvalidParameterException", str(error), 400)


def apply() -> None:
    """Mend every use of a filter pattern."""
    wrap(engine, "_compile_filter_pattern")(compile_filter_pattern)
    wrap(engine, "_subscription_pattern_matches")(subscription_matches)
    wrap(engine, "_filter_log_events")(filter_log_events)
