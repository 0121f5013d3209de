"""CloudWatch Logs: filter patterns, pages, and the metrics that log events carry."""

from importlib import import_module

MENDS = ("extraction", "matching", "paging")


def apply() -> None:
    """Apply every mend of CloudWatch Logs."""
    for name in MENDS:
        import_module(f"{__name__}.{name}").apply()
