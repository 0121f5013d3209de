"""DynamoDB: streams' records as AWS writes them, and items that expire."""

from importlib import import_module

MENDS = ("stream_records", "expiry")


def apply() -> None:
    """Apply every mend of DynamoDB."""
    for name in MENDS:
        import_module(f"{__name__}.{name}").apply()
