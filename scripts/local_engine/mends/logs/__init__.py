"""CloudWatch Logs: saved queries, filter patterns, pages, and the metrics that log events carry."""

from importlib import import_module

MENDS = ("definitions", "extraction", "insights", "matching", "paging")


def apply() -> None:
    """Apply every mend of CloudWatch Logs."""
    for name in MENDS:
        import_module(f"{__name__}.{name}").apply()
