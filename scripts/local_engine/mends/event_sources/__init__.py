"""Lambda's event source mappings: pollers that read queues and streams with the function's role, and invoke it."""

from importlib import import_module

MENDS = ("settings", "queues", "streams")


def apply() -> None:
    """Apply every mend of event source mappings."""
    for name in MENDS:
        import_module(f"{__name__}.{name}").apply()
